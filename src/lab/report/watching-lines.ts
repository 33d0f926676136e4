import type { RunDocument } from '../run-document.ts';
import { wrapText } from './wrap-text.ts';

const number = new Intl.NumberFormat('en', { maximumSignificantDigits: 3 });

type WatchedRun = Pick<RunDocument, 'away' | 'collectors' | 'overhead'>;

/** What watching cost, and what could not be watched, in a few lines however many processes there were. */
export function watchingLines({ away = [], collectors, overhead }: WatchedRun, columns: number): string[] {
  const failed = collectors.filter(({ ok, notApplicable }) => !ok && notApplicable !== true);
  const costs = collectors.filter(({ costMs }) => costMs > 0);
  return [
    ...labelled('Watching cost', [...costOf(overhead), ...samplesCost(costs)].join('; '), columns),
    ...(overhead?.exceeded ?? []).flatMap((text) => wrapText(`! Watching cost ${text}.`, columns, '  ')),
    ...labelled('Away', awayTexts(away).join('; '), columns),
    ...labelled('Not readable', together(failed), columns),
    ...labelled('Does not apply', together(collectors.filter(({ notApplicable }) => notApplicable)), columns),
  ];
}

function costOf(overhead: RunDocument['overhead']): string[] {
  if (overhead === undefined) return [];
  const { labCpuPercent, profilingCpuPercent, profilersCpuPercent, databaseMsPerTick } = overhead;
  return [
    ...(labCpuPercent === null
      ? []
      : [`${number.format(labCpuPercent.mean)} % of a core (p95 ${number.format(labCpuPercent.p95)} %)`]),
    ...(profilingCpuPercent === null
      ? []
      : [`${number.format(profilingCpuPercent.mean)} % while a CPU profile is fetched`]),
    ...(profilersCpuPercent === null
      ? []
      : [`${number.format(profilersCpuPercent.mean)} % in the profilers that it ran`]),
    ...(databaseMsPerTick === null
      ? []
      : [
          `PostgreSQL ${number.format(databaseMsPerTick.mean)} ms a look (p95 ${number.format(databaseMsPerTick.p95)} ms)`,
        ]),
  ];
}

/** `redis 11 s in steady`; the target where several of one source were away. */
function awayTexts(away: NonNullable<RunDocument['away']>): string[] {
  const targets = Map.groupBy(away, ({ source }) => source);
  return away.map(({ source, target, phase, awayMs }) => {
    const isOnly = new Set(targets.get(source)?.map((each) => each.target)).size < 2;
    return `${isOnly ? source : `${source} of ${target}`} ${Math.max(1, Math.round(awayMs / 1000))} s in ${phase}`;
  });
}

/** The slowest target of each source. */
function samplesCost(collectors: RunDocument['collectors']): string[] {
  const slowest = new Map<string, number>();
  for (const { name, costMs } of collectors) slowest.set(name, Math.max(slowest.get(name) ?? 0, costMs));
  const texts = [...slowest].map(([name, costMs]) => `${name} ${number.format(costMs)} ms`);
  return texts.length === 0 ? [] : [`a sample at most: ${texts.join(', ')}`];
}

/** Collectors with the same reason in one: it may differ in the id of the process that it is about. */
function together(collectors: RunDocument['collectors']): string {
  const groups = Map.groupBy(collectors, ({ error = 'no sample' }) => error.replaceAll(/\d+/g, '0'));
  return [...groups.values()]
    .map((group) => {
      const names = [...new Set(group.map(({ name }) => name))].join(', ');
      const targets = [...new Set(group.map(({ target }) => target))].join(', ');
      return `${names} of ${targets} (${group[0]?.error ?? 'no sample'})`;
    })
    .join('; ');
}

function labelled(label: string, text: string, columns: number): string[] {
  return text === '' ? [] : wrapText(`${label}: ${text}`, columns, '  ');
}
