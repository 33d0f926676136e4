import { confidenceOf, fewestSamples, separation } from '../../computed/confidence.ts';
import { counted, figure, percent } from '../../computed/figures.ts';
import { loadInWindow } from '../../computed/load-in-window.ts';
import { redisUse } from '../../computed/redis-use.ts';
import { rounded, shareWithin } from '../../computed/statistics.ts';
import { limitTable } from '../../../look/limits.ts';
import { defineRule } from '../../rule.ts';

const goodHitRate = limitTable['redis.hit-rate'].value / 100;
/** Fewer misses a second cost nothing that anybody notices. */
const manyMissesPerS = limitTable['redis.misses'].value;
/** So many misses for each request are worth a look however few requests a slow stack answers. */
const missesOfARequest = 1;
/** What a miss costs cannot be told from few of them. */
const fewMissesImpact = 0.1;
const listedCommands = 3;

/** A cache that is asked and has no answer: each miss is the work that it was meant to save, and a round trip. */
export const lowHitRate = defineRule({
  id: 'low-hit-rate',
  area: 'redis',
  title: 'The cache misses',
  requires: ['phases', 'redis'],
  optional: ['load'],
  vetoedByGenerator: false,
  evaluate({ facts }) {
    const [use] = facts.get(redisUse);
    if (use === undefined || use.work.readings < fewestSamples) {
      return {
        verdict: 'not-applicable',
        reason: `Redis was read fewer than ${fewestSamples} times in the window`,
      };
    }
    const { target, work, last } = use;
    const { hits, misses, hitRate, seconds } = work;
    const missesPerS = seconds === 0 ? 0 : misses / seconds;
    const isLow = hitRate !== null && hitRate < goodHitRate;
    const load = facts.find(loadInWindow);
    // Counters are read a little before and after the window: rates are compared, not sums.
    const perRequest = load === undefined || load.total.rps === 0 ? undefined : missesPerS / load.total.rps;
    const many = isLow && missesPerS > manyMissesPerS;
    const failed = many || (isLow && (perRequest ?? 0) >= missesOfARequest);
    const verdict = many ? 'fail' : failed ? 'warn' : 'pass';
    return {
      verdict,
      value: hitRate === null ? null : rounded(hitRate * 100, 1),
      unit: '%',
      confidence: confidenceOf({
        samples: work.readings,
        ratio: many
          ? separation(missesPerS, manyMissesPerS)
          : Math.max(separation(missesPerS, manyMissesPerS), separation(1 - (hitRate ?? 1), 1 - goodHitRate)),
        corroborated: !failed || (perRequest ?? 0) > 0,
      }),
      // Without the load nobody knows how many requests the misses fall on.
      impact: many ? rounded(shareWithin(perRequest ?? 1 - (hitRate ?? 1), 1)) : failed ? fewMissesImpact : 0,
      ...(failed
        ? {
            title: many
              ? `${percent(1 - (hitRate ?? 1))} of the cache's lookups miss, ${figure(missesPerS)} each second`
              : `${percent(1 - (hitRate ?? 1))} of the cache's lookups miss, ${figure(rounded(perRequest ?? 0))} for each request`,
          }
        : {}),
      evidence: [
        {
          text:
            hitRate === null
              ? `${target}: nothing was looked up.`
              : `${target}: ${counted(hits, 'hit')} and ${figure(misses)} misses in ${figure(seconds)} s, a hit rate of ${percent(hitRate)} (good: over ${percent(goodHitRate)}), while it is ${percent(shareWithin(last.hits, last.hits + last.misses))} since the server began.`,
          source: 'INFO stats',
          chart: 'cache-hit-rate',
        },
        ...(perRequest === undefined
          ? []
          : [
              {
                text: `${figure(rounded(perRequest))} misses for each request of the load.`,
                source: 'INFO stats and load',
                chart: 'cache-lookups',
              },
            ]),
        ...(failed
          ? [
              {
                text: `Commands: ${work.byCommand
                  .slice(0, listedCommands)
                  .map(({ command, calls }) => `${command} ${figure(seconds === 0 ? 0 : calls / seconds)}/s`)
                  .join(
                    ', ',
                  )}; ${counted(last.keys, 'key')} are stored, ${figure(work.expiredKeys)} expired and ${figure(work.evictedKeys)} were evicted meanwhile.`,
                source: 'INFO commandstats and keyspace',
                chart: 'redis-commands',
              },
            ]
          : []),
      ],
      counterEvidence:
        failed && work.evictedKeys === 0 && work.expiredKeys === 0
          ? [
              {
                text: 'No key expired or was evicted: what is asked for was never stored, or under another key.',
                source: 'INFO stats',
                chart: 'redis-commands',
              },
            ]
          : [],
      advice: failed
        ? [
            ...(work.evictedKeys > 0
              ? ['Raise maxmemory: keys are evicted before they are asked for again.']
              : []),
            'Look at the keys with gaugeway redis keys: keys that differ with each request can never hit.',
            'Raise the TTL of what is asked for all the time, and fill it before the load comes.',
            'Count lookups that are meant to miss (rate limits, revocation lists) apart: they are no cache.',
          ]
        : [],
    };
  },
});
