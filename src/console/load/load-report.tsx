import { Fragment, type ReactNode } from 'react';
import type { EmbeddedLoad } from '../../lab/load/web/stats-answer.ts';
import { formatNumber } from '../format/format-value.ts';
import { ThemeToggle } from '../theme/theme-toggle.tsx';
import { useTheme } from '../theme/use-theme.ts';
import { figureTabs } from './figure-tabs.tsx';
import { GeneratorWarning } from './workers.tsx';

/** A test as it was when the report was written. */
export function LoadReport({ load }: { load: EmbeddedLoad }): ReactNode {
  const { stats, writtenAt, downloadPath } = load;
  const { theme, toggle } = useTheme(load.theme);
  const { gaugeway: details } = stats;
  return (
    <>
      <header className="top-bar">
        <span className="brand">Gaugeway load report</span>
        <div className="actions">
          {downloadPath !== null && (
            <a href={downloadPath} download="">
              Download the report
            </a>
          )}
          <ThemeToggle theme={theme} onToggle={toggle} />
        </div>
      </header>
      <main>
        <section aria-labelledby="report-title">
          <h1 id="report-title">{details.host}</h1>
          <p>
            {details.chosenScenarios.join(', ')}, {formatNumber(details.users)} users started at{' '}
            {formatNumber(details.spawnRate)} per second; {formatNumber(details.durationMs / 1000)} s of
            figures, written at <time dateTime={writtenAt}>{new Date(writtenAt).toLocaleString()}</time>.
          </p>
          {details.error !== null && (
            <p className="notice fails">The test ended by itself: {details.error}</p>
          )}
        </section>
        <GeneratorWarning generators={[]} health={details.generatorHealth} />
        {figureTabs({ stats, history: details.history, theme, isOver: true, isLive: false }).map(
          ({ id, content }) => (
            <Fragment key={id}>{content}</Fragment>
          ),
        )}
      </main>
    </>
  );
}
