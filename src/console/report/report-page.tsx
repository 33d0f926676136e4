import { useEffect, useMemo, useState, type ReactNode } from 'react';
import type { ReportData } from '../../lab/report/report-data.ts';
import type { Evidence, RunDocument } from '../../lab/run-document.ts';
import type { Span } from '../charts/time-chart.tsx';
import { ThemeToggle } from '../theme/theme-toggle.tsx';
import { useTheme } from '../theme/use-theme.ts';
import { Capacity } from './capacity.tsx';
import { Collectors } from './collectors.tsx';
import { CpuProfiles } from './cpu-profiles.tsx';
import { Endpoints } from './endpoints.tsx';
import { Findings } from './findings.tsx';
import { Phases } from './phases.tsx';
import { Plans } from './plans.tsx';
import { RunFacts } from './run-facts.tsx';
import { Thresholds } from './thresholds.tsx';
import { Timeline } from './timeline.tsx';
import { Verdict } from './verdict.tsx';
import { Checked } from './checked.tsx';

/** The whole report of one run. It shows what the result document says and computes no verdict. */
export function ReportPage({
  document: run,
  data,
}: {
  document: RunDocument;
  data: Promise<ReportData>;
}): ReactNode {
  const { theme, toggle } = useTheme();
  const loaded = useLoaded(data);
  const [highlights, setHighlights] = useState<Span[]>([]);
  const [range, setRange] = useState<Span | null>(null);
  const [profiled, setProfiled] = useState<string | null>(null);
  const originMs = originOf(run, loaded.value);
  const phases = useMemo(
    () =>
      run.phases.map(({ name, startMs, endMs }) => ({
        name,
        start: (startMs - originMs) / 1000,
        end: (endMs - originMs) / 1000,
      })),
    [run, originMs],
  );
  useOpenDetailsForPrint();

  const showEvidence = (evidence: Evidence): void => {
    const profile = loaded.value?.profiles.find(({ files }) => files.some((file) => file === evidence.file));
    if (profile !== undefined) {
      setProfiled(profile.target);
      setRange({ start: (profile.startMs - originMs) / 1000, end: (profile.endMs - originMs) / 1000 });
    }
    setHighlights(spanOf(evidence, originMs));
    const anchor = evidence.file?.startsWith('profiles/') ? 'cpu' : anchorOf(evidence);
    if (anchor) document.getElementById(anchor)?.scrollIntoView({ block: 'center' });
  };

  return (
    <>
      <a className="skip-link" href="#main">
        Skip to the verdict
      </a>
      <header className="top-bar">
        <span className="brand">Gaugeway</span>
        <span className="run-name">{run.name}</span>
        <nav aria-label="Sections">
          {run.capacity && <a href="#capacity">Capacity</a>}
          <a href="#timeline">Timeline</a>
          {run.phaseFigures && <a href="#phases">Phases</a>}
          <a href="#endpoints">Endpoints</a>
          <a href="#findings">Findings</a>
          <a href="#cpu">CPU</a>
          <a href="#run">Run</a>
        </nav>
        <ThemeToggle theme={theme} onToggle={toggle} />
      </header>
      <main id="main" tabIndex={-1}>
        <Verdict run={run} />
        {run.capacity && <Capacity capacity={run.capacity} theme={theme} />}
        {loaded.error !== null && (
          <p role="alert" className="notice fails">
            The charts and profiles of this report cannot be read: {loaded.error}
          </p>
        )}
        {loaded.value && (
          <Timeline
            charts={loaded.value.charts}
            gaps={loaded.value.gapSpans}
            originMs={originMs}
            phases={phases}
            highlights={highlights}
            zoom={range}
            onZoom={setRange}
            theme={theme}
            onClearHighlights={() => setHighlights([])}
          />
        )}
        <Phases phases={run.phases} phaseFigures={run.phaseFigures} />
        <Endpoints load={run.load} />
        <Thresholds thresholds={run.thresholds} />
        <Findings
          findings={run.findings}
          charts={loaded.value?.charts ?? null}
          originMs={originMs}
          phases={phases}
          theme={theme}
          onShow={showEvidence}
        />
        <Checked ruledOut={run.ruledOut} notChecked={run.notChecked} />
        {loaded.value && <Plans plans={loaded.value.plans} />}
        {loaded.value && (
          <CpuProfiles
            data={loaded.value}
            originMs={originMs}
            scopeId={profiled}
            onScope={setProfiled}
            range={range}
            onRange={setRange}
            theme={theme}
          />
        )}
        <Collectors
          collectors={run.collectors}
          overhead={run.overhead}
          gaps={loaded.value?.gaps ?? []}
          originMs={originMs}
        />
        <RunFacts run={run} />
      </main>
    </>
  );
}

function originOf(run: RunDocument, data: ReportData | null): number {
  return run.phases[0]?.startMs ?? data?.charts.timesMs[0] ?? Date.parse(run.startedAt);
}

function spanOf(evidence: Evidence, originMs: number): Span[] {
  if (evidence.startMs === undefined || evidence.endMs === undefined) return [];
  return [{ start: (evidence.startMs - originMs) / 1000, end: (evidence.endMs - originMs) / 1000 }];
}

/** Where in the page a piece of evidence can be seen. */
function anchorOf(evidence: Evidence): string | null {
  if (evidence.file) return evidence.file;
  return evidence.chart ? `chart-${evidence.chart}` : null;
}

function useLoaded(data: Promise<ReportData>): { value: ReportData | null; error: string | null } {
  const [state, setState] = useState<{ value: ReportData | null; error: string | null }>({
    value: null,
    error: null,
  });
  useEffect(() => {
    data.then(
      (value) => setState({ value, error: null }),
      (error: unknown) =>
        setState({ value: null, error: error instanceof Error ? error.message : String(error) }),
    );
  }, [data]);
  return state;
}

/** Paper has no toggles: everything that is folded away is shown. */
function useOpenDetailsForPrint(): void {
  useEffect(() => {
    const open = (): void => {
      for (const details of document.querySelectorAll('details')) details.open = true;
    };
    addEventListener('beforeprint', open);
    return () => removeEventListener('beforeprint', open);
  }, []);
}
