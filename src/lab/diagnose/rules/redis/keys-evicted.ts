import { confidenceOf, fewestSamples, separation } from '../../computed/confidence.ts';
import { counted, figure, percent } from '../../computed/figures.ts';
import { redisUse } from '../../computed/redis-use.ts';
import { rounded, shareWithin } from '../../computed/statistics.ts';
import { defineRule } from '../../rule.ts';

/** Evictions a second from which on a cache forgets what it just learnt; fewer are the edge of a full one. */
const manyPerS = 1;

/** Redis throws keys away to stay below `maxmemory`. */
export const keysEvicted = defineRule({
  id: 'keys-evicted',
  area: 'redis',
  title: 'Redis evicts keys for want of memory',
  requires: ['phases', 'redis'],
  vetoedByGenerator: false,
  evaluate({ facts }) {
    const [use] = facts.get(redisUse).toSorted((a, b) => b.work.evictedKeys - a.work.evictedKeys);
    if (use === undefined || use.work.readings < fewestSamples) {
      return {
        verdict: 'not-applicable',
        reason: `Redis was read fewer than ${fewestSamples} times in the window`,
      };
    }
    const { target, work, last } = use;
    const perS = work.seconds === 0 ? 0 : work.evictedKeys / work.seconds;
    const evicts = perS >= manyPerS;
    const limit = last.maxMemoryBytes;
    return {
      verdict: evicts ? 'warn' : 'pass',
      value: rounded(perS, 1),
      unit: 'keys per second',
      confidence: confidenceOf({
        samples: work.readings,
        ratio: separation(perS, manyPerS),
        corroborated: true,
      }),
      // Each evicted key that is asked for again is a miss.
      impact: evicts ? rounded(shareWithin(work.misses, work.hits + work.misses)) : 0,
      ...(evicts ? { title: `Redis evicts ${figure(rounded(perS, 1))} keys each second` } : {}),
      evidence: [
        {
          text: `${target}: ${counted(work.evictedKeys, 'key')} evicted in ${figure(work.seconds)} s (policy ${last.evictionPolicy}); ${limit === null ? 'there is no limit of memory' : `${percent(shareWithin(last.usedMemoryBytes, limit))} of maxmemory are used`}.`,
          source: 'INFO stats and memory',
          chart: 'redis-commands',
        },
      ],
      counterEvidence: [],
      advice: evicts
        ? [
            'Raise maxmemory, or store less: gaugeway redis keys shows which keys take it.',
            'Give keys a TTL, so that what is old goes before what is in use.',
          ]
        : [],
    };
  },
});
