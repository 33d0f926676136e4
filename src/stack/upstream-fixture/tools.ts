import { isRecord } from '../../protocol/record.ts';
import { GaugewayError } from '../../shared/errors.ts';
import { sleep } from '../../shared/clock.ts';
import { convertTime, systemTime } from './time.ts';

/** The result object of tools/call. */
export interface ToolResult {
  content: { type: 'text'; text: string }[];
  isError?: true;
}

interface FixtureTool {
  readonly name: string;
  readonly description: string;
  /** Name of each argument, with its JSON type; all strings and numbers are scalar. */
  readonly args: Readonly<
    Record<string, { type: 'string' | 'number'; description: string; required: boolean }>
  >;
  run(args: FixtureArguments): ToolResult | Promise<ToolResult>;
}

/** Longest delay that `slow` accepts, in milliseconds. */
const maxDelayMs = 60_000;

const tools: readonly FixtureTool[] = [
  {
    name: 'echo',
    description: 'Returns the message it was given.',
    args: { message: { type: 'string', description: 'What to return', required: true } },
    run: (args) => text(args.string('message')),
  },
  {
    name: 'get_system_time',
    description: 'The current time in a time zone, as RFC 3339.',
    args: { timezone: { type: 'string', description: 'IANA name; UTC by default', required: false } },
    run: (args) => text(systemTime(args.string('timezone', 'UTC'))),
  },
  {
    name: 'convert_time',
    description: 'Converts a time from one time zone to another.',
    args: {
      time: { type: 'string', description: 'RFC 3339, or a local time without an offset', required: true },
      source_timezone: { type: 'string', description: 'IANA name', required: true },
      target_timezone: { type: 'string', description: 'IANA name', required: true },
    },
    run: (args) =>
      text(convertTime(args.string('time'), args.string('source_timezone'), args.string('target_timezone'))),
  },
  {
    name: 'slow',
    description: 'Answers after a delay.',
    args: { delay_ms: { type: 'number', description: `Milliseconds, 0 to ${maxDelayMs}`, required: true } },
    async run(args) {
      const delayMs = args.number('delay_ms');
      if (delayMs < 0 || delayMs > maxDelayMs) throw invalid(`delay_ms must be from 0 to ${maxDelayMs}`);
      await sleep(delayMs);
      return text(`waited ${delayMs} ms`);
    },
  },
  {
    name: 'fail',
    description: 'Fails, as a tool does: with a result that says so.',
    args: { message: { type: 'string', description: 'What to complain about', required: false } },
    run: (args) => ({ ...text(args.string('message', 'this tool always fails')), isError: true }),
  },
];

const byName = new Map(tools.map((tool) => [tool.name, tool]));

/** The `tools` array of tools/list, as JSON. */
export const toolsJson = JSON.stringify(
  tools.map(({ name, description, args }) => ({ name, description, inputSchema: inputSchema(args) })),
);

/** Runs a tool. Throws GaugewayError invalid_params for an unknown tool and for wrong arguments. */
export function runTool(name: unknown, args: unknown): ToolResult | Promise<ToolResult> {
  const tool = typeof name === 'string' ? byName.get(name) : undefined;
  if (tool === undefined) throw invalid(`unknown tool ${JSON.stringify(name ?? null).slice(0, 200)}`);
  if (args !== undefined && !isRecord(args)) throw invalid('arguments must be an object');
  return tool.run(new FixtureArguments(args ?? {}, tool));
}

/** The arguments of one call, checked against what the tool declares. */
class FixtureArguments {
  readonly #values: Record<string, unknown>;

  constructor(values: Record<string, unknown>, tool: FixtureTool) {
    this.#values = values;
    for (const name of Object.keys(values)) {
      if (!Object.hasOwn(tool.args, name))
        throw invalid(`${tool.name} has no argument ${JSON.stringify(name)}`);
    }
    for (const name of Object.keys(tool.args)) {
      const spec = tool.args[name];
      const value = values[name];
      if (value === undefined && spec?.required === true)
        throw invalid(`${tool.name} needs the argument ${name}`);
      if (value !== undefined && typeof value !== spec?.type)
        throw invalid(`${name} must be a ${spec?.type}`);
    }
  }

  string(name: string, fallback = ''): string {
    const value = this.#values[name];
    return typeof value === 'string' ? value : fallback;
  }

  number(name: string): number {
    return Number(this.#values[name]);
  }
}

function inputSchema(args: FixtureTool['args']): object {
  const required = Object.keys(args).filter((name) => args[name]?.required === true);
  const properties = Object.fromEntries(
    Object.entries(args).map(([name, { type, description }]) => [name, { type, description }]),
  );
  return { type: 'object', properties, required, additionalProperties: false };
}

function text(value: string): ToolResult {
  return { content: [{ type: 'text', text: value }] };
}

function invalid(reason: string): GaugewayError {
  return new GaugewayError('invalid_params', reason);
}
