import { nowMs } from '../../../shared/clock.ts';
import { embedInPage, readConsolePage } from '../../console-page.ts';
import { toMaskedJson } from '../../timeline/mask-json.ts';
import type { EmbeddedLoad, LoadStatsAnswer } from './stats-answer.ts';

/**
 * The load page with the figures in it, secrets masked, as one HTML file that asks nobody for anything. Throws GaugewayError
 * config_invalid when the page was not built.
 */
export async function writeLoadReport(
  stats: LoadStatsAnswer,
  options: Pick<EmbeddedLoad, 'downloadPath' | 'theme'>,
): Promise<string> {
  const page = await readConsolePage('load');
  // A report is passed on to others.
  const masked: LoadStatsAnswer = JSON.parse(toMaskedJson(stats));
  const embedded: EmbeddedLoad = {
    kind: 'report',
    ...options,
    stats: masked,
    writtenAt: new Date(nowMs()).toISOString(),
  };
  return embedInPage(page, 'load-data', `${masked.gaugeway.host} · Gaugeway load report`, embedded);
}
