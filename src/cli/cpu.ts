import type { Command } from 'commander';
import { registerCpuTop } from './cpu-top.ts';

/** `gaugeway cpu …`: where running processes spend their time, without touching their code. */
export function registerCpu(program: Command): void {
  const cpu = program
    .command('cpu')
    .description('Where running processes spend their time: Node, Python, and anything else by perf')
    // What follows `--` is a command with options of its own.
    .enablePositionalOptions();
  registerCpuTop(cpu);
}
