import { execFile } from 'node:child_process';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { expect, test } from 'vitest';
import { findProgram, title } from '../../../../test/support/requires.ts';
import { temporaryFolder } from '../../../../test/support/temporary-folder.ts';
import { createLoadPlan } from '../load-plan.ts';
import { readDefinition } from '../scenarios/scenario-definition.ts';
import type { ExportEngine } from './expressible.ts';
import { exportLoad } from './export-load.ts';

const run = promisify(execFile);
const python = findProgram('python3');

/** Reserved in a module of JavaScript (ECMA-262, "Keywords and Reserved Words"), or what nothing may be called there. */
const ofJavaScript = `arguments async await break case catch class const continue debugger default delete do else enum
  eval export extends false finally for function get if implements import in instanceof interface let new null of package
  private protected public return set static super switch this throw true try typeof undefined var void while with yield`;
const ofK6 = 'setup teardown handleSummary options __ENV __VU __ITER open http exec check sleep';
/** The keywords of Python (its reference, "Keywords"), and classes that a locustfile holds. */
const ofPython = `False None True and as assert def del elif except from global is lambda nonlocal not or pass raise match
  self gaugeway Gaugeway fast-http FastHttp Stages load-test-shape`;
const odd = '1 1st 9-lives _ __ - . --- a.b a-b A_B a b a-2 __proto__ constructor send.it user_of_scenario_a';
const names = [...new Set([ofJavaScript, ofK6, ofPython, odd].flatMap((list) => list.split(/\s+/)))];

/** As many names as a load has scenarios. */
const batches = Array.from({ length: Math.ceil(names.length / 20) }, (_, index) =>
  names.slice(index * 20, (index + 1) * 20),
);

async function exported(engine: ExportEngine, batch: readonly string[]): Promise<string> {
  const scenarios = batch.map((name) => ({
    weight: 1,
    scenario: readDefinition({
      name,
      users: 'http',
      tasks: ['None', 'ünïcödé', '日本', '', '1st'].map((task) => ({
        ...(task === '' ? {} : { name: task }),
        steps: [{ request: 'GET /x' }],
      })),
    }),
  }));
  // Nothing of it has to be asked for.
  const plan = createLoadPlan({ targetUrl: 'http://127.0.0.1:1', users: 100, scenarios });
  return (await exportLoad(engine, plan, { thresholds: [], abortOnFail: false, runTimeMs: 1000 })).script;
}

test.each(batches)('a k6 script takes for no more than a name: %s, …', async (...batch) => {
  await using folder = await temporaryFolder();
  const script = await exported('k6', batch);
  const path = join(folder.path, 'script.mjs');
  await writeFile(path, script);
  await run(process.execPath, ['--check', path]);
  const functions = [...script.matchAll(/^export function (\w+)/gm)].map(([, name]) => name);
  expect(new Set(functions).size).toBe(batch.length);
  expect(functions.filter((name) => !name?.startsWith('scenario_'))).toEqual([]);
  const executed = [...script.matchAll(/"exec": "(\w+)"/g)].map(([, name]) => name);
  expect(executed).toEqual(functions);
});

test.skipIf(python.missing).each(batches)(
  title('a locustfile takes for no more than a name: %s, …', python),
  async (...batch) => {
    await using folder = await temporaryFolder();
    const script = await exported('locust', batch);
    const path = join(folder.path, 'script.py');
    await writeFile(path, script);
    await run(python.path ?? '', ['-c', 'import ast, sys; ast.parse(open(sys.argv[1]).read())', path]);
    const classes = [...script.matchAll(/^class (\w+)\(GaugewayUser\)/gm)].map(([, name]) => name);
    expect(new Set(classes).size).toBe(batch.length);
    expect(classes).not.toContain('GaugewayUser');
    expect(classes).not.toContain('FastHttpUser');
  },
);
