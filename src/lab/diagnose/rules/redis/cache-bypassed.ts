import { confidenceOf, fewestSamples, separation } from '../../computed/confidence.ts';
import { counted, figure } from '../../computed/figures.ts';
import { loadInWindow } from '../../computed/load-in-window.ts';
import { redisUse } from '../../computed/redis-use.ts';
import { rounded, sum } from '../../computed/statistics.ts';
import { defineRule } from '../../rule.ts';

/** Fewer operations for each request mean that the requests do not ask the cache. */
const fewPerRequest = 0.1;
/** Below this there is no load to speak of. */
const fewestRequestsPerS = 5;

/** Redis belongs to the stack, and the requests do not use it: what it could answer is done again for each of them. */
export const cacheBypassed = defineRule({
  id: 'cache-bypassed',
  area: 'redis',
  title: 'Requests do not use the cache',
  requires: ['phases', 'redis', 'load'],
  vetoedByGenerator: false,
  evaluate({ facts }) {
    const uses = facts.get(redisUse).filter(({ work }) => work.readings >= fewestSamples);
    const load = facts.get(loadInWindow);
    if (uses.length === 0 || load === undefined || load.total.requests / load.seconds < fewestRequestsPerS) {
      return {
        verdict: 'not-applicable',
        reason: `needs ${fewestSamples} readings of Redis and ${fewestRequestsPerS} requests a second`,
      };
    }
    const commands = sum(uses.map(({ work }) => work.commands));
    const seconds = Math.max(...uses.map(({ work }) => work.seconds));
    const requestsPerS = load.total.requests / load.seconds;
    const perRequest = commands / seconds / requestsPerS;
    const bypassed = perRequest < fewPerRequest;
    const cpuPercent = sum(uses.map(({ work }) => work.cpuMs)) / seconds / 10;
    return {
      verdict: bypassed ? 'warn' : 'pass',
      value: rounded(perRequest, 3),
      unit: 'operations per request',
      confidence: confidenceOf({
        samples: Math.max(...uses.map(({ work }) => work.readings)),
        ratio: bypassed ? fewPerRequest / Math.max(perRequest, 0.001) : separation(fewPerRequest, perRequest),
        corroborated: cpuPercent < 1,
      }),
      // How much a cache would save cannot be seen where it is not used.
      impact: bypassed ? 0.1 : 0,
      ...(bypassed
        ? { title: `Redis sees ${figure(rounded(perRequest, 3))} operations for each request` }
        : {}),
      evidence: [
        {
          text: `${counted(commands, 'command')} in ${figure(seconds)} s, at ${figure(rounded(requestsPerS, 1))} requests a second: ${figure(rounded(perRequest, 3))} for each.`,
          source: 'INFO stats and load',
          chart: 'redis-commands',
        },
        {
          text: `Redis used ${figure(rounded(cpuPercent, 1))} % of a core.`,
          source: 'INFO cpu',
          chart: 'redis-commands',
        },
      ],
      counterEvidence: bypassed
        ? [
            {
              text: 'A gateway that keeps what it needs in its own memory asks no Redis either, and is right not to.',
              source: 'analysis',
            },
          ]
        : [],
      advice: bypassed
        ? [
            'Check that the gateway is told to use this Redis (ContextForge: CACHE_TYPE=redis and REDIS_URL).',
            'Compare with what the database does for each request: work that repeats there is what a cache would save.',
          ]
        : [],
    };
  },
});
