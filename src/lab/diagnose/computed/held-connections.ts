import type { Evidence } from '../../run-document.ts';
import type { RuleOutcome } from '../rule.ts';
import { confidenceOf, fewestSamples, separation } from './confidence.ts';
import { counted, figure, percent, shortSql } from './figures.ts';
import type { IdleTransactions } from './idle-transactions.ts';
import { rounded } from './statistics.ts';

/** The guide's healthy example has three sessions idle in transaction, none older than a second. */
const fewSessions = 5;
/** From half of the connections on, the pool is about to run out; the guide's unhealthy example has 60 of 100. */
const exhaustingShare = 0.5;
/** A transaction that nobody works in for this long is not a slow request but a forgotten one. */
const forgottenAgeS = 5;
const listedQueries = 3;

/** The words of a rule that are its own; the limits and the arithmetic are the same for both kinds. */
export interface HeldConnectionsText {
  /** What holds the connections, e.g. `transactions`. */
  holder: string;
  title(sessions: IdleTransactions): string;
  counterEvidence: Evidence[];
  advice: string[];
}

/**
 * Judges sessions that are idle in a transaction: `fail` when there are at least five and they are either half of
 * all connections or five seconds old, `warn` when even one is that old, otherwise `pass`.
 */
export function judgeHeldConnections(sessions: IdleTransactions, text: HeldConnectionsText): RuleOutcome {
  const { samples, count, maxAgeS, connectionShare } = sessions;
  if (samples < fewestSamples) {
    return {
      verdict: 'not-applicable',
      reason: `pg_stat_activity was read ${counted(samples, 'time')} only`,
    };
  }
  const many = count >= fewSessions && (connectionShare >= exhaustingShare || maxAgeS >= forgottenAgeS);
  const verdict = many ? 'fail' : count >= 1 && maxAgeS >= forgottenAgeS ? 'warn' : 'pass';
  const passed = verdict === 'pass';
  return {
    verdict,
    value: count,
    unit: 'connections',
    confidence: confidenceOf({
      samples,
      ratio: passed
        ? separation(Math.max(count, 1), fewSessions)
        : Math.max(separation(maxAgeS, forgottenAgeS), separation(connectionShare, exhaustingShare)),
      corroborated: passed || sessions.queries.length > 0,
    }),
    impact: passed ? 0 : rounded(connectionShare),
    ...(passed ? {} : { title: text.title(sessions) }),
    evidence: [
      {
        text: `${counted(count, 'connection')} idle in ${text.holder} (upper quartile of ${counted(samples, 'sample')}), ${percent(connectionShare)} of all connections on average, the oldest for ${figure(maxAgeS)} s.`,
        source: 'pg_stat_activity',
        chart: 'connections',
      },
      ...sessions.queries.slice(0, listedQueries).map((each) => ({
        text: `${counted(rounded(each.meanCount, 1), 'session')} on average${each.applicationName === '' ? '' : ` of ${each.applicationName}`} ran last: ${shortSql(each.query)}`,
        source: 'pg_stat_activity',
        chart: 'transaction-age',
      })),
    ],
    counterEvidence: passed ? [] : text.counterEvidence,
    advice: passed ? [] : text.advice,
  };
}
