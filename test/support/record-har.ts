import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { scenarioFromHar } from '../../src/lab/load/recording/scenario-from-har.ts';
import type { HarOptions } from '../../src/lab/load/recording/scenario-from-har.ts';
import { readDefinition } from '../../src/lab/load/scenarios/scenario-definition.ts';
import { harOf } from './har.ts';
import type { HarRequest } from './har.ts';
import { temporaryFolder } from './temporary-folder.ts';

/** Where the requests of {@link get} and {@link post} were recorded. */
export const here = 'http://127.0.0.1:4444';

/** What a recording of these requests becomes, without pauses and assets unless the options say otherwise. */
export function recorded(requests: HarRequest[], options: Partial<HarOptions> = {}) {
  return recordedIn(JSON.stringify(harOf(requests)), options);
}

/** What a HAR file of this text becomes. Whatever was recorded, the scenario can be run: it is read, too. */
export async function recordedIn(text: string, options: Partial<HarOptions> = {}) {
  await using folder = await temporaryFolder();
  const file = join(folder.path, 'my session.har');
  await writeFile(file, text);
  const made = await scenarioFromHar(file, { think: 'none', assets: false, ...options });
  return {
    ...made,
    scenario: readDefinition(made.definition),
    steps: made.definition.tasks[0]?.steps ?? [],
    reasons: Object.fromEntries(made.leftOut.map(({ name, reason, count }) => [name, `${reason} ×${count}`])),
  };
}

export const get = (path: string, more: Partial<HarRequest> = {}): HarRequest => ({
  url: here + path,
  ...more,
});

/** `body` is JSON unless `more` gives it another type. */
export const post = (path: string, body: unknown, more: Partial<HarRequest> = {}): HarRequest => ({
  method: 'POST',
  url: here + path,
  body,
  ...more,
});
