import type { ContainerEngine } from '../../collect/container/container-engine.ts';
import { hostSample } from '../../collect/host/read-host.ts';
import type { SharedConnection } from '../../collect/shared-connection.ts';
import type { HostSample } from '../../timeline/samples/container-sample.ts';
import type { Limits } from '../limits.ts';
import type { LookTable } from '../look-table.ts';
import { type Look, type LookDocument, lookVerdicts, type Remark, worstVerdict } from '../look.ts';
import { judgeMachine, judgeRow } from './judge-stats.ts';
import { StatsReader, type StatsReading, type StatsSources } from './stats-reading.ts';
import { pressureIn, statsRows, type StatsRow, type Waits } from './stats-rows.ts';
import { statsTables } from './stats-tables.ts';

/** The machine in the window. */
export interface MachineUse extends Omit<HostSample, 'pressure'> {
  waits: Waits | null;
}

/** `gaugeway stats --json`. */
export interface StatsDocument extends LookDocument {
  /** Null where there is no /proc. */
  machine: MachineUse | null;
  /** By role, the busiest first within one. */
  parts: StatsRow[];
}

/** What containers and processes use in a window, what they may use, and what stops them. */
export class StatsLook implements Look<StatsReading, StatsDocument> {
  readonly needsWindow = true;
  readonly #reader: StatsReader;

  constructor(sources: StatsSources, engine: SharedConnection<ContainerEngine>) {
    this.#reader = new StatsReader(sources, engine);
  }

  read(signal: AbortSignal): Promise<StatsReading> {
    return this.#reader.read(signal);
  }

  judge(after: StatsReading, before: StatsReading | undefined, limits: Limits): StatsDocument {
    const earlier = before ?? after;
    const machine = machineUse(earlier, after);
    const { rows, startedAnew } = statsRows(earlier, after);
    const remarks: Remark[] = [
      ...after.missing.map((text): Remark => ({ verdict: 'fail', text })),
      ...(machine === null ? [] : judgeMachine(machine, limits)),
    ];
    const parts = rows.map((row): StatsRow => {
      const found = judgeRow(row, limits);
      remarks.push(...found);
      return { ...row, verdict: worstVerdict(found.map(({ verdict }) => verdict)) };
    });
    return {
      command: 'stats',
      atMs: after.atMs,
      windowMs: after.atMs - earlier.atMs,
      verdict: worstVerdict(remarks.map(({ verdict }) => verdict)),
      remarks: remarks.toSorted((a, b) => lookVerdicts.indexOf(b.verdict) - lookVerdicts.indexOf(a.verdict)),
      notes: [...after.failures, ...startedAnew.map((name) => `${name} was started anew meanwhile`)],
      machine,
      parts,
    };
  }

  tables(document: StatsDocument): LookTable[] {
    return statsTables(document);
  }

  close(): Promise<void> {
    return this.#reader.close();
  }
}

function machineUse(before: StatsReading, after: StatsReading): MachineUse | null {
  if (before.host === undefined || after.host === undefined) return null;
  const sample = hostSample(before.host, after.host);
  if (sample === undefined) return null;
  const { pressure, ...use } = sample;
  return {
    ...use,
    waits: pressureIn(before.host.state.pressure, pressure, (after.atMs - before.atMs) / 1000),
  };
}
