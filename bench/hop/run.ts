import { parseArgs } from 'node:util';
import { Pool } from 'undici';
import { sleep } from '../../src/shared/clock.ts';
import type { ChildServer } from './child-server.ts';
import { fire, send } from './load.ts';
import type { Shot } from './load.ts';
import { legacyShot, modernShot } from './shots.ts';
import { startStack } from './stack.ts';
import { median, spread } from './statistics.ts';
import type { Spread } from './statistics.ts';

/**
 * What one hop through the gateway costs: CPU microseconds per tools/call of the gateway's process (authentication
 * and metrics on) beside that of the smallest proxy and of the upstream called directly, in one run, on one Node,
 * in interleaved rounds. `--json` prints the figures as a document; `--cpu-prof DIR` leaves a profile of the gateway.
 */
const { values } = parseArgs({
  options: {
    rounds: { type: 'string', default: '9' },
    requests: { type: 'string', default: '2400' },
    concurrency: { type: 'string', default: '16' },
    json: { type: 'boolean', default: false },
    'cpu-prof': { type: 'string' },
  },
});
const rounds = Number(values.rounds);
const requests = Number(values.requests);
const concurrency = Number(values.concurrency);
const warmUpRounds = 2;
/** A round takes turns often, so that a busy neighbour meets all alike: a multiple of the orders of three. */
const turns = 12;

/** A server on the way, and how it is called in each era; the CPU is that of `server` alone. */
interface Target {
  readonly name: 'direct' | 'proxy' | 'gateway';
  readonly server: ChildServer;
  readonly shots: Readonly<Record<Era, Shot>>;
}

type Era = 'legacy' | 'modern';
const eras: readonly Era[] = ['legacy', 'modern'];

/** What marks a good answer: the text of the tool's result. */
const expected = '"text":';

/** CPU per call in microseconds. */
interface Figures {
  readonly era: Era;
  readonly directUs: number;
  readonly proxyUs: number;
  readonly gatewayUs: number;
  /** Of the ratios of the rounds, since neighbours on the machine disturb a round as a whole. */
  readonly gatewayToProxy: Spread;
}

async function measure(): Promise<Figures[]> {
  const profile = values['cpu-prof'];
  await using stack = await startStack(
    profile === undefined ? [] : ['--cpu-prof', `--cpu-prof-dir=${profile}`],
  );
  const pools = new Map<string, Pool>();
  const shoot = async (shot: Shot, count: number): Promise<void> => {
    const pool = pools.get(shot.url.origin) ?? new Pool(shot.url.origin, { connections: concurrency });
    pools.set(shot.url.origin, pool);
    await fire(pool, shot, count, concurrency, expected);
  };
  const authorization = { authorization: `Bearer ${stack.token}` };
  const targets = [
    await targetOf('gateway', stack.gateway, stack.toolName, authorization),
    await targetOf('proxy', stack.proxy, 'echo', {}),
    await targetOf('direct', stack.upstream, 'echo', {}),
  ];

  const costs = new Map<string, number[]>();
  for (let round = -warmUpRounds; round < rounds; round += 1) {
    for (const era of eras) {
      const usedUs = { gateway: 0, proxy: 0, direct: 0 };
      for (let turn = 0; turn < turns; turn += 1) {
        for (const target of inTurn(targets, turn)) {
          const beforeUs = targets.map(({ server }) => server.cpuUs());
          await shoot(target.shots[era], requests / turns);
          for (const [index, { name, server }] of targets.entries()) {
            // What a server puts off counts as well (the gateway writes its metrics each second); the upstream
            // works for the others.
            if (name === 'direct' && target.name !== 'direct') continue;
            usedUs[name] += server.cpuUs() - (beforeUs[index] ?? Number.NaN);
          }
        }
      }
      // The first rounds warm the code up.
      if (round < 0) continue;
      for (const { name } of targets) {
        costs.set(`${era} ${name}`, [...(costs.get(`${era} ${name}`) ?? []), usedUs[name] / requests]);
      }
    }
  }
  await Promise.all([...pools.values()].map((pool) => pool.close()));
  return eras.map((era) => {
    const rowOf = (name: Target['name']): number[] => costs.get(`${era} ${name}`) ?? [];
    const ratios = rowOf('gateway').map((cost, round) => cost / (rowOf('proxy')[round] ?? Number.NaN));
    return {
      era,
      directUs: median(rowOf('direct')),
      proxyUs: median(rowOf('proxy')),
      gatewayUs: median(rowOf('gateway')),
      gatewayToProxy: spread(ratios),
    };
  });
}

/** Each of the orders in which three can come, since who came before has warmed or filled the caches. */
function inTurn(targets: readonly Target[], turn: number): readonly Target[] {
  const first = turn % targets.length;
  const rotated = [...targets.slice(first), ...targets.slice(0, first)];
  return turn % 2 === 0 ? rotated : rotated.toReversed();
}

async function targetOf(
  name: Target['name'],
  server: ChildServer,
  toolName: string,
  headers: Record<string, string>,
): Promise<Target> {
  const pool = new Pool(new URL(server.url).origin);
  const modern = modernShot(server.url, toolName, headers);
  // The gateway lists its upstreams' tools as soon as it has reached them.
  for (let tries = 0; tries < 100 && !(await send(pool, modern)).includes(expected); tries += 1)
    await sleep(100);
  const legacy = await legacyShot((shot) => send(pool, shot), server.url, toolName, headers);
  await pool.close();
  return { name, server, shots: { legacy, modern } };
}

const figures = await measure();
if (values.json) {
  console.log(JSON.stringify({ node: process.version, rounds, requests, concurrency, figures }));
} else {
  console.log(
    `CPU per tools/call in microseconds, median of ${rounds} rounds of ${requests} calls, Node ${process.version}`,
  );
  console.log('wire      upstream    proxy  gateway  gateway/proxy (min to max)');
  for (const { era, directUs, proxyUs, gatewayUs, gatewayToProxy } of figures) {
    const columns = [directUs, proxyUs, gatewayUs].map((value) => value.toFixed(1).padStart(9)).join('');
    const [ratio, min, max] = [gatewayToProxy.median, gatewayToProxy.min, gatewayToProxy.max].map((value) =>
      value.toFixed(2),
    );
    console.log(`${era.padEnd(9)}${columns}  ${String(ratio).padStart(13)} (${min} to ${max})`);
  }
}
