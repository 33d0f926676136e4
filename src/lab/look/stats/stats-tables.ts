import { processRoles } from '../../../shared/stack-description.ts';
import { wrapText } from '../../report/wrap-text.ts';
import { type LookTable, lookTable } from '../look-table.ts';
import { worstVerdict } from '../look.ts';
import { formatBytes } from '../quantity.ts';
import type { MachineUse, StatsDocument } from './stats-look.ts';
import type { StatsRow } from './stats-rows.ts';

/** A part of the stack, or the sum of those of one role. */
interface ShownRow extends StatsRow {
  label: string;
}

/** The machine in a line, what is used and allowed, and what goes in and out. */
export function statsTables({ machine, parts }: StatsDocument): LookTable[] {
  const rows = groupedRows(parts);
  const name = { title: 'name', value: ({ label }: ShownRow) => label };
  return [
    { title: '', render: ({ columns }) => (machine === null ? [] : machineLines(machine, columns)) },
    lookTable({
      rows,
      name,
      columns: [
        { title: 'cpu', value: (row) => percent(row.cpuPercent), expendable: 0 },
        {
          title: 'limit',
          value: (row) => percent(row.cpuLimitCores && row.cpuLimitCores * 100),
          expendable: 0,
        },
        { title: 'throttled', value: (row) => percent(row.throttledPercent), expendable: 0 },
        { title: 'memory', value: (row) => formatBytes(row.memoryBytes), expendable: 0 },
        { title: 'limit', value: (row) => bytes(row.memoryLimitBytes), expendable: 1 },
        { title: 'pids', value: (row) => String(row.tasks), expendable: 2 },
      ],
      verdict: ({ verdict }) => verdict,
      empty: 'Nothing was read twice.',
    }),
    lookTable({
      title: 'In and out per second, and shares of the time spent waiting',
      rows,
      name,
      columns: [
        { title: 'net in', value: (row) => bytes(row.receivedBytesPerS), expendable: 0 },
        { title: 'net out', value: (row) => bytes(row.sentBytesPerS), expendable: 0 },
        { title: 'read', value: (row) => bytes(row.readBytesPerS), expendable: 1 },
        { title: 'written', value: (row) => bytes(row.writtenBytesPerS), expendable: 1 },
        { title: 'cpu wait', value: (row) => percent(row.waits?.cpuPercent ?? null), expendable: 0 },
        { title: 'memory', value: (row) => percent(row.waits?.memoryPercent ?? null), expendable: 3 },
        { title: 'I/O', value: (row) => percent(row.waits?.ioPercent ?? null), expendable: 2 },
      ],
    }),
  ];
}

/** By role in the order of a call's way; several of one role stand below their sum. */
function groupedRows(parts: readonly StatsRow[]): ShownRow[] {
  return [...processRoles, null].flatMap((role) => {
    const members = parts
      .filter((part) => part.role === role)
      .toSorted((a, b) => b.cpuPercent - a.cpuPercent || (a.name < b.name ? -1 : 1));
    const [only] = members;
    if (only === undefined) return [];
    const word = role ?? 'other';
    if (members.length > 1) {
      return [
        { ...sumOf(members), label: `${word} × ${members.length}` },
        ...members.map((member) => ({ ...member, label: `  ${member.name}` })),
      ];
    }
    return [{ ...only, label: only.name.startsWith(word) ? only.name : `${word} ${only.name}` }];
  });
}

/** What the parts of a role use together; limits and waits are each one's own. */
function sumOf(members: readonly StatsRow[]): StatsRow {
  const [first, ...others] = members;
  if (first === undefined) throw new Error('no members to add');
  const total = (value: (row: StatsRow) => number | null): number | null => {
    const known = members.map(value).filter((each) => each !== null);
    return known.length === 0 ? null : known.reduce((sum, each) => sum + each, 0);
  };
  return {
    ...first,
    cpuPercent: total(({ cpuPercent }) => cpuPercent) ?? 0,
    cpuLimitCores: null,
    throttledPercent: null,
    throttledPeriods: null,
    memoryBytes: total(({ memoryBytes }) => memoryBytes) ?? 0,
    memoryLimitBytes: null,
    receivedBytesPerS: total((row) => row.receivedBytesPerS),
    sentBytesPerS: total((row) => row.sentBytesPerS),
    readBytesPerS: total((row) => row.readBytesPerS),
    writtenBytesPerS: total((row) => row.writtenBytesPerS),
    tasks: total(({ tasks }) => tasks) ?? 0,
    waits: null,
    verdict: worstVerdict([first, ...others].map(({ verdict }) => verdict)),
  };
}

function machineLines(
  { cores, cpuPercent, stealPercent, memoryTotalBytes, memoryAvailableBytes, waits }: MachineUse,
  columns: number,
): string[] {
  const used = formatBytes(memoryTotalBytes - memoryAvailableBytes);
  const waiting =
    waits === null
      ? ''
      : `; waits: CPU ${percent(waits.cpuPercent)}, memory ${percent(waits.memoryPercent)}, I/O ${percent(waits.ioPercent)}`;
  const text =
    `machine: CPU ${percent(cpuPercent)} of ${cores * 100} % (${cores} cores), stolen ${percent(stealPercent)}, ` +
    `memory ${used} of ${formatBytes(memoryTotalBytes)}${waiting}`;
  return wrapText(text, columns, '  ');
}

function percent(value: number | null): string {
  if (value === null) return '-';
  return `${value > 0 && value < 10 ? value.toFixed(1) : Math.round(value)} %`;
}

function bytes(value: number | null): string {
  return value === null ? '-' : formatBytes(value);
}
