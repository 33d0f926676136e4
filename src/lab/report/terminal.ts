import type { CapacityStep } from '../capacity/capacity-schema.ts';
import { doubtOf } from '../load/generator-health.ts';
import { describeThresholds } from '../load/threshold-judge.ts';
import type { Evidence, Finding, ObservedStats, RunDocument, Verdict } from '../run-document.ts';
import { capacityLines } from './capacity-lines.ts';
import { terminalTable, type TableColumn } from './terminal-table.ts';
import { phaseLines } from './phase-lines.ts';
import { watchingLines } from './watching-lines.ts';
import { lowerFirst, verdictSentence, verdictSigns } from './verdict-words.ts';
import { wrapText } from './wrap-text.ts';

export interface SummaryOptions {
  columns: number;
  /** The caller honours NO_COLOR and pipes. */
  color: boolean;
  folder: string;
  reportFile: string;
}

const maxEndpoints = 12;
const minColumns = 32;
const shownEvidence: Partial<Record<Verdict, number>> = { fail: 4 };
const colors: Record<Verdict, string> = {
  fail: '31',
  warn: '33',
  pass: '32',
  'not-applicable': '2',
  error: '33',
};
const number = new Intl.NumberFormat('en', { maximumSignificantDigits: 3 });
const whole = new Intl.NumberFormat('en', { maximumFractionDigits: 0 });

/**
 * The result of a run for a terminal: the verdict first, then the load, the findings with evidence and advice,
 * what was ruled out, what was not checked, what watching cost, and where the files are. Lines fit `columns`,
 * but for paths, which stay whole so that they can be copied.
 */
export function renderSummary(document: RunDocument, options: SummaryOptions): string {
  const columns = Math.max(minColumns, Math.floor(options.columns));
  const paint = (text: string, code: string): string =>
    options.color ? `\u001b[${code}m${text}\u001b[0m` : text;
  const lines = [
    '',
    ...headLines(document, columns, paint),
    '',
    ...loadLines(document, columns),
    ...thresholdLines(document, columns, paint),
    '',
    ...endpointLines(document.load, columns, paint),
    ...document.findings.flatMap((finding) => ['', ...findingLines(finding, columns, paint)]),
    ...phasePart(document, columns, paint),
    '',
    ...labelled('Ruled out', document.ruledOut.map(({ title }) => lowerFirst(title)).join('; '), columns),
    ...labelled(
      'Not checked',
      document.notChecked.map(({ title, reason }) => `${lowerFirst(title)} (${reason})`).join('; '),
      columns,
    ),
    ...watchingLines(document, columns),
    '',
    `Report  ${options.reportFile}`,
    `Bundle  ${options.folder}`,
    '',
  ];
  return lines.map(plain).join('\n');
}

type Paint = (text: string, code: string) => string;

/** The answer first: of a run that looked for the capacity this is that, and the verdict tells what limited it. */
function headLines(document: RunDocument, columns: number, paint: Paint): string[] {
  const { capacity } = document;
  if (capacity === undefined) return verdictLines(document, columns, paint);
  const hold = holdOf(document);
  const place = capacity.answer?.atLeast === true ? 'the most of the ramp' : 'just past the limit';
  const about =
    hold === undefined ? 'Over the whole ramp:' : `Held at ${whole.format(hold.users)} users, ${place}:`;
  return [
    ...capacityLines(capacity, columns, paint),
    '',
    paint(about, '1'),
    ...verdictLines(document, columns, paint),
  ];
}

function holdOf({ capacity }: RunDocument): CapacityStep | undefined {
  return capacity?.steps.find(({ role }) => role === 'hold');
}

function verdictLines({ findings, interrupted, load }: RunDocument, columns: number, paint: Paint): string[] {
  const [first] = findings;
  const doubt = load.generator.saturated
    ? ' (The load generator was saturated: times marked with ! prove nothing.)'
    : '';
  const verdict = first?.verdict ?? 'pass';
  const [head, ...rest] = wrapText(
    `${verdictSigns[verdict]} ${verdictSentence(first)}${doubt}${interrupted ? ' (The run was stopped before its end.)' : ''}`,
    columns,
    '  ',
  );
  return [head ?? '', ...rest].map((line) => paint(line, `1;${colors[verdict]}`));
}

function loadLines(document: RunDocument, columns: number): string[] {
  const { load, settings, stack, durationMs } = document;
  const users = holdOf(document)?.users ?? settings.users;
  const failedPercent = load.requests === 0 ? 0 : (100 * load.failures) / load.requests;
  const time = timesOf(load);
  return [
    ...wrapText(
      `${number.format(load.rps)} requests/s, p50 ${time(load.p50Ms)}, p95 ${time(load.p95Ms)}, p99 ${time(load.p99Ms)}, ` +
        `${number.format(failedPercent)} % failed`,
      columns,
      '  ',
    ),
    ...arrivalLines(load, columns),
    ...reportedLines(load, settings, columns),
    ...wrapText(
      `${userCount({ ...settings, users })}${settings.scenario}${settings.arrivals === undefined ? '' : `, arrivals ${settings.arrivals}`}, ${number.format(durationMs / 1000)} s, on ${stack.name}`,
      columns,
      '  ',
    ),
  ];
}

function userCount({ users, userStages }: RunDocument['settings']): string {
  if (users === null) return '';
  return userStages === undefined
    ? `${whole.format(users)} users, `
    : `up to ${whole.format(users)} users (${userStages}), `;
}

function arrivalLines(load: RunDocument['load'], columns: number): string[] {
  const { arrivals, service } = load;
  if (arrivals === undefined) return [];
  const time = timesOf(load);
  const { planned, late, dropped } = arrivals;
  const times =
    service === undefined
      ? ''
      : `; without what requests waited to be sent: p50 ${time(service.p50Ms)}, p95 ${time(service.p95Ms)}, p99 ${time(service.p99Ms)}`;
  const counts = `${whole.format(planned)} arrivals, ${whole.format(late)} late, ${whole.format(dropped)} dropped`;
  return wrapText(counts + times, columns, '  ');
}

/** What a tool tells that gives no distribution; the busiest requests say the most. */
function reportedLines(
  { byName }: RunDocument['load'],
  { driver = 'the tool' }: RunDocument['settings'],
  columns: number,
): string[] {
  const [busiest] = byName
    .filter(({ reported }) => reported !== undefined)
    .toSorted((a, b) => b.requests - a.requests);
  if (busiest?.reported === undefined) return [];
  const { p50Ms, p95Ms, p99Ms } = busiest.reported;
  return wrapText(
    `${driver} gives no distribution; over its whole test it tells p50 ${ms(p50Ms)}, p95 ${ms(p95Ms)}, p99 ${ms(p99Ms)} ` +
      `of ${busiest.name}`,
    columns,
    '  ',
  );
}

function thresholdLines({ thresholds = [], load }: RunDocument, columns: number, paint: Paint): string[] {
  return describeThresholds(thresholds, doubtOf(load.generator)).flatMap((text, index) => {
    const color = colors[thresholds[index]?.passed === true ? 'pass' : 'fail'];
    return wrapText(text, columns, '  ').map((line) => paint(line, color));
  });
}

const endpointColumns = (doubt: string): readonly TableColumn<ObservedStats>[] => [
  { title: 'requests', value: ({ requests }) => whole.format(requests), expendable: 4 },
  { title: 'failed', value: ({ failures }) => whole.format(failures), expendable: 0 },
  { title: 'req/s', value: ({ rps }) => number.format(rps), expendable: 1 },
  { title: 'p50', value: ({ p50Ms }) => cell(p50Ms, doubt), expendable: 3 },
  { title: 'p95', value: ({ p95Ms }) => cell(p95Ms, doubt), expendable: 0 },
  { title: 'p99', value: ({ p99Ms }) => cell(p99Ms, doubt), expendable: 2 },
];

function endpointLines(load: RunDocument['load'], columns: number, paint: Paint): string[] {
  const rows = load.byName.toSorted((a, b) => b.requests - a.requests);
  const shown = rows.slice(0, maxEndpoints);
  const [head, ...body] = terminalTable(
    shown,
    { title: 'Request', value: ({ name }) => name },
    endpointColumns(doubtOf(load.generator)),
    columns,
  );
  const left = rows.length - shown.length;
  return [
    paint(head ?? '', '2'),
    ...body.map((line, index) => ((shown[index]?.failures ?? 0) > 0 ? paint(line, colors.fail) : line)),
    ...(left > 0 ? [`and ${left} more in the report`] : []),
  ];
}

function phasePart({ phaseFigures = [] }: RunDocument, columns: number, paint: Paint): string[] {
  const [head, ...body] = phaseLines(phaseFigures, columns);
  return head === undefined ? [] : ['', paint(head, '2'), ...body];
}

function findingLines(finding: Finding, columns: number, paint: Paint): string[] {
  const head = wrapText(
    `${verdictSigns[finding.verdict]} ${finding.verdict}  ${finding.title} (confidence ${number.format(finding.confidence * 100)} %, ${finding.ruleId})`,
    columns,
    '  ',
  );
  const evidence = finding.evidence.slice(0, shownEvidence[finding.verdict] ?? 2);
  return [
    ...head.map((line) => paint(line, colors[finding.verdict])),
    ...evidence.flatMap((each) => bullet('-', withSource(each), columns)),
    ...finding.counterEvidence.slice(0, 2).flatMap((each) => bullet('but', withSource(each), columns)),
    ...finding.advice.slice(0, 2).flatMap((line) => bullet('→', line, columns)),
  ];
}

function withSource({ text, source }: Evidence): string {
  return `${text} (${source})`;
}

function bullet(sign: string, text: string, columns: number): string[] {
  const indent = ' '.repeat(sign.length + 1);
  return wrapText(`${sign} ${text}`, columns - 2, indent).map((line) => `  ${line}`);
}

function labelled(label: string, text: string, columns: number): string[] {
  return text === '' ? [] : wrapText(`${label}: ${text}`, columns, '  ');
}

/** Backticks mark names for the report; a terminal shows the names alone. */
function plain(line: string): string {
  return line.replaceAll('`', '').trimEnd();
}

/** Writes times of the load, marked where the generator was too slow to measure them. */
function timesOf({ generator }: RunDocument['load']): (value: number | null) => string {
  return (value) => (value === null ? ms(value) : `${ms(value)}${doubtOf(generator)}`);
}

function ms(value: number | null): string {
  if (value === null) return 'not known';
  return value >= 10_000 ? `${number.format(value / 1000)} s` : `${number.format(value)} ms`;
}

/** In a table there is no room for words. */
function cell(value: number | null, doubt: string): string {
  return value === null ? '-' : `${ms(value)}${doubt}`;
}
