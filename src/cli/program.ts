import { Command } from 'commander';

/** A command's file exports one of these; it adds its command, options and action to the program. */
export type RegisterCommand = (program: Command) => void;

/**
 * Every command of `gaugeway`, one line each, in the order of `--help`. Only the file of the command that is
 * asked for is loaded, because loading all takes longer than most of them run.
 */
const commands: Record<string, () => Promise<RegisterCommand>> = {
  session: async () => (await import('./session.ts')).registerSession,
  capacity: async () => (await import('./capacity.ts')).registerCapacity,
  diagnose: async () => (await import('./diagnose.ts')).registerDiagnose,
  rules: async () => (await import('./rules.ts')).registerRules,
  discover: async () => (await import('./discover.ts')).registerDiscover,
  doctor: async () => (await import('./doctor.ts')).registerDoctor,
  pg: async () => (await import('./pg.ts')).registerPg,
  nginx: async () => (await import('./nginx.ts')).registerNginx,
  logs: async () => (await import('./logs.ts')).registerLogs,
  redis: async () => (await import('./redis.ts')).registerRedis,
  stats: async () => (await import('./stats.ts')).registerStats,
  cpu: async () => (await import('./cpu.ts')).registerCpu,
  heap: async () => (await import('./heap.ts')).registerHeap,
  serve: async () => (await import('./serve.ts')).registerServe,
  load: async () => (await import('./load.ts')).registerLoad,
  scenarios: async () => (await import('./scenarios.ts')).registerScenarios,
  'upstream-fixture': async () => (await import('./upstream-fixture.ts')).registerUpstreamFixture,
  token: async () => (await import('./token.ts')).registerToken,
};

/**
 * The command line with the command `asked`, or with all of them when help has to know them. Wrong usage throws
 * commander's own error; an action throws GaugewayError.
 */
export async function createProgram(version: string, asked?: string): Promise<Command> {
  const program = new Command('gaugeway')
    .description('An MCP gateway that can explain its own performance, and a lab that can explain any other')
    .version(version)
    .showSuggestionAfterError()
    // A command under another one has options of its own by the same names.
    .enablePositionalOptions()
    .exitOverride();
  for (const load of needed(asked)) (await load())(program);
  return program;
}

function needed(asked: string | undefined): (() => Promise<RegisterCommand>)[] {
  if (asked === '--version' || asked === '-V') return [];
  const only = asked !== undefined && Object.hasOwn(commands, asked) ? commands[asked] : undefined;
  return only === undefined ? Object.values(commands) : [only];
}
