import type { Command } from 'commander';
import { registerCpuDiff } from './cpu-diff.ts';
import { registerCpuDump } from './cpu-dump.ts';
import { registerCpuFlame } from './cpu-flame.ts';
import { registerCpuRecord } from './cpu-record.ts';
import { registerCpuTop } from './cpu-top.ts';

/** `gaugeway cpu …`: where running processes spend their time, without touching their code. */
export function registerCpu(program: Command): void {
  const cpu = program
    .command('cpu')
    .description('Where running processes spend their time, without touching their code')
    // What follows `--` is a command with options of its own.
    .enablePositionalOptions();
  registerCpuTop(cpu);
  registerCpuRecord(cpu);
  registerCpuDump(cpu);
  registerCpuFlame(cpu);
  registerCpuDiff(cpu);
}
