import type { LoadMoment, LoadStatsAnswer } from '../../lab/load/web/stats-answer.ts';
import type { Theme } from '../theme/use-theme.ts';
import { CurrentRatio } from './current-ratio.tsx';
import { Exceptions } from './exceptions.tsx';
import { Failures } from './failures.tsx';
import { LoadCharts } from './load-charts.tsx';
import { StatisticsTable } from './statistics-table.tsx';
import type { Tab } from './tabs.tsx';
import { Workers } from './workers.tsx';

/** Everything that a test shows: one at a time on the page, all below each other in a report. */
export function figureTabs(props: {
  stats: LoadStatsAnswer;
  history: LoadMoment[];
  theme: Theme;
  isOver: boolean;
  isLive: boolean;
}): Tab[] {
  const { stats, history, theme, isOver, isLive } = props;
  const { gaugeway: details, errors } = stats;
  const { exceptions } = details;
  return [
    {
      id: 'statistics',
      title: 'Statistics',
      content: (
        <StatisticsTable
          rows={details.rows}
          total={details.total}
          isOver={isOver}
          isDoubted={details.generatorHealth.saturated === true}
          isLive={isLive}
        />
      ),
    },
    { id: 'charts', title: 'Charts', content: <LoadCharts history={history} theme={theme} /> },
    { id: 'failures', title: 'Failures', count: errors.length, content: <Failures errors={errors} /> },
    {
      id: 'exceptions',
      title: 'Exceptions',
      count: exceptions.length,
      content: <Exceptions exceptions={exceptions} />,
    },
    { id: 'ratio', title: 'Current ratio', content: <CurrentRatio details={details} /> },
    {
      id: 'workers',
      title: 'Workers',
      count: details.generators.filter(({ beyondLimits }) => beyondLimits.length > 0).length,
      content: <Workers generators={details.generators} />,
    },
  ];
}
