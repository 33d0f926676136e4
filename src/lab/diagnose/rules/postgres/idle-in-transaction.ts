import { counted, figure } from '../../computed/figures.ts';
import { judgeHeldConnections } from '../../computed/held-connections.ts';
import { idleTransactions } from '../../computed/idle-transactions.ts';
import { defineRule } from '../../rule.ts';

/** Transactions that are left open while nobody works in them. Health probes have a rule of their own. */
export const idleInTransaction = defineRule({
  id: 'idle-in-transaction',
  area: 'postgres',
  title: 'Connections sit idle in open transactions',
  requires: ['phases', 'postgres'],
  vetoedByGenerator: false,
  evaluate({ facts }) {
    const sessions = facts.get(idleTransactions);
    if (sessions === undefined) {
      return { verdict: 'not-applicable', reason: 'pg_stat_activity was not read in the window' };
    }
    const { probes, others } = sessions;
    return judgeHeldConnections(others, {
      holder: 'transactions (health probes left out)',
      title: ({ count, maxAgeS }) =>
        `${counted(count, 'connection')} idle in transaction, for up to ${figure(maxAgeS)} s`,
      counterEvidence:
        probes.count === 0
          ? []
          : [
              {
                text: `${counted(probes.count, 'more connection')} sat idle after a health probe; see health-check-holds-connection.`,
                source: 'pg_stat_activity',
                chart: 'connections',
              },
            ],
      advice: [
        'Commit or roll back before waiting for anything else: keep no transaction open across a call to an upstream, a cache or a client.',
        'Find the code path by the statement that ran last, and close its session in every exit, errors included.',
        'Set idle_in_transaction_session_timeout, so that a leak ends by itself instead of using up the pool.',
      ],
    });
  },
});
