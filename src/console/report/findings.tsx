import { useMemo, useState, type ReactNode } from 'react';
import type { Evidence, Finding } from '../../lab/run-document.ts';
import type { Chart, ChartSet } from '../../lab/timeline/charts.ts';
import { TimeChart, type Span } from '../charts/time-chart.tsx';
import { formatNumber, formatShare } from '../format/format-value.ts';
import { RichText } from '../format/rich-text.tsx';
import type { Theme } from '../theme/use-theme.ts';
import { VerdictMark } from './verdict-mark.tsx';

interface Context {
  charts: ChartSet | null;
  originMs: number;
  phases: (Span & { name: string })[];
  theme: Theme;
  onShow: (evidence: Evidence) => void;
}

const maxChartsPerFinding = 2;

/** What was found, the likeliest cause first, each with its evidence beside it. */
export function Findings({ findings, ...context }: Context & { findings: Finding[] }): ReactNode {
  return (
    <section id="findings" aria-labelledby="findings-title">
      <h2 id="findings-title">Findings</h2>
      {findings.length === 0 && <p className="muted">None: every check that ran found its part in order.</p>}
      {findings.map((finding) => (
        <FindingCard key={finding.ruleId} finding={finding} {...context} />
      ))}
    </section>
  );
}

function FindingCard({ finding, ...context }: Context & { finding: Finding }): ReactNode {
  const [hovered, setHovered] = useState<Evidence | null>(null);
  return (
    <article className="finding" aria-labelledby={`finding-${finding.ruleId}`}>
      <div className="finding-head">
        <VerdictMark verdict={finding.verdict} />
        <h3 id={`finding-${finding.ruleId}`}>
          <RichText text={finding.title} />
        </h3>
      </div>
      <p className="muted">
        {finding.value !== null && (
          <>
            <strong className="finding-value">
              {formatNumber(finding.value)} {finding.unit}
            </strong>
            {' · '}
          </>
        )}
        confidence {formatShare(finding.confidence)}
        {finding.impact > 0 && ` · impact ${formatShare(finding.impact)}`} · <code>{finding.ruleId}</code>
      </p>
      <div className="finding-body">
        <div>
          <EvidenceList
            title="Evidence"
            list={finding.evidence}
            onHover={setHovered}
            onShow={context.onShow}
          />
          <EvidenceList
            title="What speaks against it"
            list={finding.counterEvidence}
            onHover={setHovered}
            onShow={context.onShow}
          />
          {finding.advice.length > 0 && (
            <>
              <h4>What to do</h4>
              <ol>
                {finding.advice.map((line) => (
                  <li key={line}>
                    <RichText text={line} />
                  </li>
                ))}
              </ol>
            </>
          )}
        </div>
        <EvidenceCharts evidence={finding.evidence} hovered={hovered} {...context} />
      </div>
    </article>
  );
}

function EvidenceList(props: {
  title: string;
  list: Evidence[];
  onHover: (evidence: Evidence | null) => void;
  onShow: (evidence: Evidence) => void;
}): ReactNode {
  if (props.list.length === 0) return null;
  return (
    <>
      <h4>{props.title}</h4>
      <ul className="evidence">
        {props.list.map((evidence) => (
          <li
            key={evidence.text}
            onMouseEnter={() => props.onHover(evidence)}
            onMouseLeave={() => props.onHover(null)}
          >
            <RichText text={evidence.text} />{' '}
            <span className="muted">
              ({evidence.source}
              {linkText(evidence) !== null && (
                <span className="evidence-link">
                  {', '}
                  <button
                    type="button"
                    className="plain-button"
                    onClick={() => props.onShow(evidence)}
                    onFocus={() => props.onHover(evidence)}
                    onBlur={() => props.onHover(null)}
                  >
                    {linkText(evidence)}
                  </button>
                </span>
              )}
              )
            </span>
          </li>
        ))}
      </ul>
    </>
  );
}

function linkText({ file, chart }: Evidence): string | null {
  if (file?.startsWith('plans/')) return 'see the plan';
  if (file?.startsWith('profiles/')) return 'see the flame graph';
  return chart === undefined ? null : 'see the timeline';
}

function EvidenceCharts(
  props: Omit<Context, 'onShow'> & { evidence: Evidence[]; hovered: Evidence | null },
): ReactNode {
  const { charts, originMs, phases, theme, evidence, hovered } = props;
  const [cursor, setCursor] = useState<number | null>(null);
  const [zoom, setZoom] = useState<Span | null>(null);
  const times = useMemo(() => charts?.timesMs.map((ms) => (ms - originMs) / 1000) ?? [], [charts, originMs]);
  const highlights = useMemo(
    () =>
      (hovered ? [hovered] : evidence)
        .flatMap(({ startMs, endMs }) =>
          startMs === undefined || endMs === undefined
            ? []
            : [{ start: (startMs - originMs) / 1000, end: (endMs - originMs) / 1000 }],
        )
        .slice(0, 1),
    [hovered, evidence, originMs],
  );
  const shown = useMemo(() => chartsOf(evidence, charts), [evidence, charts]);
  if (shown.length === 0) return null;
  return (
    <div className="compact-charts">
      {shown.map((chart) => (
        <TimeChart
          key={chart.id}
          chart={chart}
          times={times}
          theme={theme}
          phases={phases}
          highlights={highlights}
          zoom={zoom}
          onZoom={setZoom}
          cursor={cursor}
          onCursor={setCursor}
          heightPx={110}
          inset
        />
      ))}
    </div>
  );
}

function chartsOf(evidence: Evidence[], charts: ChartSet | null): Chart[] {
  const ids = new Set(evidence.flatMap(({ chart }) => chart ?? []));
  return (charts?.charts ?? []).filter((chart) => ids.has(chart.id)).slice(0, maxChartsPerFinding);
}
