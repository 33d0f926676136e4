import { counted, figure } from '../../computed/figures.ts';
import { judgeHeldConnections } from '../../computed/held-connections.ts';
import { idleTransactions } from '../../computed/idle-transactions.ts';
import { defineRule } from '../../rule.ts';

/** Health checks that open a transaction for their probe and leave it open: the pool runs out under their rate. */
export const healthCheckHoldsConnection = defineRule({
  id: 'health-check-holds-connection',
  area: 'postgres',
  title: 'Health checks hold database connections',
  requires: ['phases', 'postgres'],
  vetoedByGenerator: false,
  evaluate({ facts }) {
    const sessions = facts.get(idleTransactions);
    if (sessions === undefined) {
      return { verdict: 'not-applicable', reason: 'pg_stat_activity was not read in the window' };
    }
    const { probes, others } = sessions;
    return judgeHeldConnections(probes, {
      holder: 'a transaction after a health probe',
      title: ({ count, maxAgeS }) =>
        `Health checks hold ${counted(count, 'connection')} idle in transaction, for up to ${figure(maxAgeS)} s`,
      counterEvidence:
        others.count === 0
          ? []
          : [
              {
                text: `${counted(others.count, 'more connection')} sat idle in transaction after other statements; see idle-in-transaction.`,
                source: 'pg_stat_activity',
                chart: 'connections',
              },
            ],
      advice: [
        'Run the probe in autocommit, or roll back and close its session in every exit of the health check.',
        'Answer health checks from a cached state that a background probe refreshes, so that their rate never reaches the pool.',
        'Use a dedicated session for the probe instead of the one that a request framework closes later.',
      ],
    });
  },
});
