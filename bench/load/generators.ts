import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { fileURLToPath } from 'node:url';
import { findProgram } from '../../test/support/requires.ts';
import { versionOf } from './version-of.ts';

/** A program that asks a target as fast as one core can, with so many connections. */
export interface Generator {
  /** With its version, where it tells one. */
  readonly name: string;
  readonly program: string;
  args(url: string, connections: number): string[];
}

/** Longer than any turn; a turn ends them. */
const seconds = 600;
const fileOf = (name: string): string => fileURLToPath(new URL(name, import.meta.url));

function gaugeway(name: string, flags: readonly string[]): Generator {
  return {
    name,
    program: process.execPath,
    args: (url, connections) => [
      fileOf('../../src/main.ts'),
      ...`load --target ${url} --users ${connections} --spawn-rate ${connections}`.split(' '),
      ...`--run-time ${seconds}s --only-summary --scenario`.split(' '),
      fileOf('get.yaml'),
      ...flags,
    ],
  };
}

/** Those that are installed, ours first, each run as its users run it; `missing` names the others. */
export function findGenerators(): { generators: Generator[]; missing: string[] } {
  const require = createRequire(import.meta.url);
  const autocannon = require.resolve('autocannon');
  const manifest = JSON.parse(readFileSync(require.resolve('autocannon/package.json'), 'utf8'));
  const generators: Generator[] = [
    gaugeway('`gaugeway load`', []),
    // What `traceparent` and `baggage` on each request cost is the ratio of these two.
    gaugeway('the same without trace context', ['--no-trace-context']),
    {
      name: `autocannon ${manifest.version}`,
      program: process.execPath,
      args: (url, connections) => [autocannon, '-c', `${connections}`, '-d', `${seconds}`, url],
    },
  ];
  const missing: string[] = [];
  const add = (name: string, command: string, versionFlag: string, args: Generator['args']): void => {
    const found = findProgram(command);
    if (found.path === undefined) missing.push(`${name}: ${found.missing}`);
    else {
      const version = versionOf(found.path, versionFlag);
      generators.push({ name: [name, version].filter(Boolean).join(' '), program: found.path, args });
    }
  };
  add('wrk', 'wrk', '-v', (url, connections) => ['-t1', `-c${connections}`, `-d${seconds}s`, url]);
  add('Locust FastHttpUser', 'locust', '--version', (url, connections) => [
    ...`--headless --only-summary --users ${connections} --spawn-rate ${connections}`.split(' '),
    ...`--run-time ${seconds}s --host ${url} --locustfile`.split(' '),
    fileOf('locustfile.py'),
  ]);
  return { generators, missing };
}
