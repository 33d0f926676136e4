import { Command } from 'commander';
import { registerLoad } from './load.ts';
import { registerServe } from './serve.ts';
import { registerToken } from './token.ts';
import { registerUpstreamFixture } from './upstream-fixture.ts';

/** A command's file exports one of these; it adds its command, options and action to the program. */
export type RegisterCommand = (program: Command) => void;

/** Every command of `gaugeway`, one line each, in the order of `--help`. */
const commands: readonly RegisterCommand[] = [
  registerServe,
  registerLoad,
  registerUpstreamFixture,
  registerToken,
];

/** The command line. Wrong usage throws commander's own error; an action throws GaugewayError. */
export function createProgram(version: string): Command {
  const program = new Command('gaugeway')
    .description('An MCP gateway that can explain its own performance, and a lab that can explain any other')
    .version(version)
    .showSuggestionAfterError()
    .exitOverride();
  for (const register of commands) register(program);
  return program;
}
