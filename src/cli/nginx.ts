import type { Command } from 'commander';
import { TrafficLook } from '../lab/look/nginx/traffic.ts';
import { addLookOptions, type LookFlags, limitsOf } from './look-options.ts';
import { runLook } from './run-look.ts';
import { addSourceOptions, missingSource, readSources, type SourceFlags } from './source-options.ts';

/** `gaugeway nginx`: what nginx does, and how the time of a request splits between it and what is behind it. */
export function registerNginx(program: Command): void {
  const command = program
    .command('nginx')
    .description('Looks at nginx: requests, statuses and times, by upstream');
  addSourceOptions(command, ['nginx']);
  addLookOptions(command, { windowMs: 5000 });
  command.action(async (flags: SourceFlags & LookFlags) => {
    const { sources, settings } = await readSources(flags);
    if (sources.nginx === undefined) throw missingSource('nginx', '--nginx-status or --access-log');
    await runLook(new TrafficLook(sources.nginx), flags, limitsOf(flags, settings.limits));
  });
}
