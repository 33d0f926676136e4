import type { Command } from 'commander';
import { ContainerEngine } from '../lab/collect/container/container-engine.ts';
import { SharedConnection } from '../lab/collect/shared-connection.ts';
import { StatsLook } from '../lab/look/stats/stats-look.ts';
import { defaultContainerSocket } from '../stack/resolve-stack.ts';
import { addLookOptions, type LookFlags, limitsOf } from './look-options.ts';
import { runLook } from './run-look.ts';
import { addSourceOptions, missingSource, readSources, type SourceFlags } from './source-options.ts';

const usualWindowMs = 2000;

/** `gaugeway stats`: what containers and processes use, what they may use, and what stops them. */
export function registerStats(program: Command): void {
  const command = program
    .command('stats')
    .summary('CPU, memory, throttling and I/O of containers and processes')
    .description(
      'Shows what the containers and the processes of a stack use, what they may use and what stops them.\n' +
        'CPU is of one core, as docker stats has it; memory is without the page cache that can be given back.',
    )
    .option('--all', 'every running container of the engine', false);
  addSourceOptions(command, ['process', 'container']);
  addLookOptions(command, { windowMs: usualWindowMs });
  command.action(async (flags: SourceFlags & LookFlags & { all: boolean }) => {
    const { sources, settings } = await readSources(flags);
    const { processes, containers } = sources;
    if (!flags.all && processes.length + containers.length === 0) {
      throw missingSource('container or process', '--container, --pid or --all');
    }
    const socket = sources.containerSocket ?? defaultContainerSocket(process.env);
    const look = new StatsLook(
      { processes, containers: flags.all ? 'all' : containers },
      new SharedConnection(() => ContainerEngine.connect(socket)),
    );
    await runLook(look, flags, limitsOf(flags, settings.limits));
  });
}
