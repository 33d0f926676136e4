import type { Command } from 'commander';
import { registerHeapGrowth } from './heap-growth.ts';
import { registerHeapRecord } from './heap-record.ts';
import { registerHeapSnapshot } from './heap-snapshot.ts';

/** `gaugeway heap …`: what running Node processes allocate and keep, without touching their code. */
export function registerHeap(program: Command): void {
  const heap = program
    .command('heap')
    .description('What running Node processes allocate and keep, without touching their code');
  registerHeapRecord(heap);
  registerHeapGrowth(heap);
  registerHeapSnapshot(heap);
}
