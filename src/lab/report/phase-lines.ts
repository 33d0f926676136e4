import type { PhaseFigure } from '../timeline/phase-figures.ts';
import type { ChartUnit } from '../timeline/charts/chart-definition.ts';
import { phaseNames, type PhaseName } from '../timeline/events.ts';
import { terminalTable } from './terminal-table.ts';

/** The unit stands in the name of a row, so that its cells are figures only. */
const units: Record<ChartUnit, { suffix: string; factor: number }> = {
  users: { suffix: '', factor: 1 },
  connections: { suffix: '', factor: 1 },
  'per second': { suffix: ' /s', factor: 1 },
  'rows per second': { suffix: ' /s', factor: 1 },
  ms: { suffix: ' ms', factor: 1 },
  s: { suffix: ' s', factor: 1 },
  'percent of a core': { suffix: ' %', factor: 1 },
  ratio: { suffix: ' %', factor: 100 },
  bytes: { suffix: ' MB', factor: 1e-6 },
  'bytes per second': { suffix: ' MB/s', factor: 1e-6 },
  'ms per second': { suffix: ' ms/s', factor: 1 },
};
/** The steady phase is what verdicts are about; the others go first where there is little room. */
const expendable: Record<PhaseName, number> = { steady: 0, ramp: 1, baseline: 2, 'cool-down': 3 };
const small = new Intl.NumberFormat('en', { maximumSignificantDigits: 3 });
const whole = new Intl.NumberFormat('en', { maximumFractionDigits: 0 });

/** A table of what each phase was like, its head first; nothing for a run of one phase. */
export function phaseLines(figures: readonly PhaseFigure[], columns: number): string[] {
  const phases = phaseNames.filter((phase) => figures.some(({ byPhase }) => phase in byPhase));
  if (phases.length < 2) return [];
  return terminalTable(
    figures,
    { title: 'Phase', value: ({ title, unit }) => `${title}${units[unit].suffix}` },
    phases.map((phase) => ({
      title: phase,
      value: ({ byPhase, unit }) => cell(byPhase[phase] ?? null, units[unit].factor),
      expendable: expendable[phase],
    })),
    columns,
  );
}

function cell(value: number | null, factor: number): string {
  if (value === null) return '-';
  const shown = value * factor;
  return Math.abs(shown) >= 1000 ? whole.format(shown) : small.format(shown);
}
