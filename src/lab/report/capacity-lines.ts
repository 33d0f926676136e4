import type { Capacity, CapacityStep } from '../capacity/capacity-schema.ts';
import { drawCurve, type CurveCell } from '../capacity/draw-curve.ts';
import { describeModel, throughputAt } from '../capacity/throughput-models.ts';
import { terminalTable, type TableColumn } from './terminal-table.ts';
import { capacitySentence } from './verdict-words.ts';
import { wrapText } from './wrap-text.ts';

type Paint = (text: string, code: string) => string;

const number = new Intl.NumberFormat('en', { maximumSignificantDigits: 3 });
const oneDecimal = new Intl.NumberFormat('en', { maximumFractionDigits: 1, minimumFractionDigits: 1 });
const whole = new Intl.NumberFormat('en', { maximumFractionDigits: 0 });
const cellColors: Record<CurveCell['kind'], string | undefined> = {
  plain: undefined,
  fit: '36',
  knee: '33',
  point: '1',
};
const bold = '1';
const dim = '2';
const red = '31';

/** The answer, what limits it, the levels as a table and a curve, the fits and how far to trust them. */
export function capacityLines(capacity: Capacity, columns: number, paint: Paint): string[] {
  const { limit, caveats, advice } = capacity;
  return [
    ...wrapText(capacitySentence(capacity), columns, '  ').map((line) => paint(line, bold)),
    ...wrapText(confidenceText(capacity), columns, '  '),
    ...(limit === null ? [] : wrapText(`Limit: ${limit.text}`, columns, '  ')),
    ...advice.flatMap((text) => wrapText(`→ ${text}`, columns, '  ')),
    ...caveats.flatMap((text) => wrapText(`! ${text}`, columns, '  ')),
    '',
    ...stepLines(capacity.steps, columns, paint),
    '',
    ...curveLines(capacity, columns, paint),
    '',
    ...fitLines(capacity).flatMap((text) => wrapText(text, columns, '  ')),
  ];
}

/** The heading of the lines that {@link stepLine} gives, for a ramp that is being watched. */
export function stepHeading(): string {
  return liveColumns.map(({ title, width }) => title.padStart(width)).join('');
}

type LiveStep = Pick<
  CapacityStep,
  'users' | 'rps' | 'p50Ms' | 'p95Ms' | 'failedShare' | 'gainPer20Percent' | 'generator' | 'broken'
>;

/** One level in a line of less than 80 columns. */
export function stepLine(step: LiveStep): string {
  const broken = step.broken.length === 0 ? '' : `  ✕ ${step.broken.join(', ')}`;
  return liveColumns.map(({ value, width }) => value(step).padStart(width)).join('') + broken;
}

const liveColumns: readonly { title: string; width: number; value: (step: LiveStep) => string }[] = [
  { title: 'users', width: 7, value: ({ users }) => whole.format(users) },
  { title: 'req/s', width: 9, value: ({ rps }) => number.format(rps) },
  { title: 'p50', width: 10, value: ({ p50Ms }) => ms(p50Ms) },
  { title: 'p95', width: 10, value: ({ p95Ms }) => ms(p95Ms) },
  { title: 'failed', width: 9, value: ({ failedShare }) => `${number.format(failedShare * 100)} %` },
  { title: 'gain', width: 9, value: gain },
  { title: 'generator', width: 11, value: ({ generator }) => generator },
];

const stepColumns: readonly TableColumn<CapacityStep>[] = [
  { title: 'req/s', value: ({ rps }) => number.format(rps), expendable: 0 },
  { title: '±', value: ({ rpsStandardError }) => number.format(rpsStandardError), expendable: 4 },
  { title: 'p50', value: ({ p50Ms }) => ms(p50Ms), expendable: 3 },
  { title: 'p95', value: ({ p95Ms }) => ms(p95Ms), expendable: 0 },
  { title: 'failed', value: ({ failedShare }) => `${number.format(failedShare * 100)} %`, expendable: 1 },
  { title: 'gain', value: gain, expendable: 0 },
  { title: 'generator', value: ({ generator }) => generator, expendable: 2 },
  {
    title: 'busiest process',
    value: ({ busiest }) =>
      busiest === null
        ? '-'
        : `${busiest.target.replace(/ \(pid \d+\)$/, '')} ${number.format(busiest.cpuPercent)} %`,
    expendable: 1,
  },
];

function stepLines(steps: readonly CapacityStep[], columns: number, paint: Paint): string[] {
  const rows = steps.toSorted((a, b) => a.users - b.users || a.startMs - b.startMs);
  const [head = '', ...body] = terminalTable(rows, { title: 'users', value: nameStep }, stepColumns, columns);
  return [
    paint(head, dim),
    ...body.map((line, index) => ((rows[index]?.broken.length ?? 0) > 0 ? paint(line, red) : line)),
    paint('gain: more throughput for 20 % more users, against the row above', dim),
  ];
}

function nameStep({ users, role }: CapacityStep): string {
  return `${whole.format(users)}${role === 'hold' ? ' (hold)' : ''}`;
}

function curveLines({ steps, fits, knee }: Capacity, columns: number, paint: Paint): string[] {
  const model = fits[0]?.model;
  const points = steps.filter(({ generator }) => generator !== 'saturated');
  if (points.length === 0) return [];
  const lines = drawCurve({
    points,
    fitted: model === undefined ? undefined : (users) => throughputAt(model, users),
    knee: knee?.users,
    columns,
  });
  const legend = [
    '● measured',
    ...(model === undefined ? [] : ['· fitted']),
    ...(knee === null ? [] : ['┊ knee']),
  ];
  return [
    ...lines.map((line) =>
      line
        .map(({ text, kind }) => {
          const code = cellColors[kind];
          return code === undefined ? text : paint(text, code);
        })
        .join(''),
    ),
    paint(`         ${legend.join('   ')}`, dim),
  ];
}

/** What each fitted curve says, the better one first. */
function fitLines({ fits }: Pick<Capacity, 'fits'>): string[] {
  return fits.map(({ model, rSquared, peak }, index) => {
    const which = index === 0 ? 'Best fit' : 'Also fitted';
    const r2 = `R² ${rSquared.toFixed(3)}`;
    if (model.kind === 'bounds') {
      const { cycleMs, maxRps } = model;
      return (
        `${which}: operational bounds, ${describeModel(model)}, ${r2}: by these two lines, ${number.format(cycleMs)} ms ` +
        `from request to request while nobody waits, and a hard limit of ${number.format(maxRps)}/s.`
      );
    }
    const { lambdaRps, sigma, kappa } = model;
    const top =
      peak === null
        ? 'no peak'
        : `peak ${number.format(peak.rps)}/s at ${number.format(peak.users)} users${peak.extrapolated ? ' (extrapolated)' : ''}`;
    return (
      `${which}: Universal Scalability Law, λ ${number.format(lambdaRps)}/s, σ ${number.format(sigma)}, ` +
      `κ ${number.format(kappa)}, ${top}, ${r2}.`
    );
  });
}

function confidenceText({ answer, knee, latencyKneeUsers }: Capacity): string {
  const spread = answer?.interval ?? null;
  const interval =
    spread === null
      ? ''
      : `${number.format(spread.low)} to ${number.format(spread.high)} requests/s in 95 of 100, by the spread of the seconds.`;
  const place = knee === null ? '' : ` ${kneeText(knee)}`;
  const latency =
    latencyKneeUsers === null ? '' : ` p95 has doubled from ${whole.format(latencyKneeUsers)} users on.`;
  return `${interval}${place}${latency}`.trim();
}

/** A fitted knee is where the curve has it, which is not where the measured levels stop growing. */
function kneeText({ users, interval, between: [fewer, more], by }: NonNullable<Capacity['knee']>): string {
  const measured = `between the measured ${whole.format(fewer)} and ${whole.format(more)} users`;
  if (by === 'steps') return `The knee lies ${measured}.`;
  const range =
    interval === null ? '' : ` (${oneDecimal.format(interval.low)} to ${oneDecimal.format(interval.high)})`;
  const what = by === 'bounds' ? 'The fitted lines cross' : 'The fitted curve has its knee';
  return `${what} at ${oneDecimal.format(users)} users${range}, ${measured}.`;
}

function gain({ gainPer20Percent }: Pick<CapacityStep, 'gainPer20Percent'>): string {
  if (gainPer20Percent === null) return '-';
  const percent = Math.round(gainPer20Percent * 1000) / 10;
  return `${percent > 0 ? '+' : ''}${percent} %`;
}

function ms(value: number | null): string {
  if (value === null) return '-';
  return value >= 10_000 ? `${number.format(value / 1000)} s` : `${number.format(value)} ms`;
}
