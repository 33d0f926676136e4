import { GaugewayError } from '../../shared/errors.ts';
import { UngenerableSchemaError, generateArguments } from './argument-generator.ts';
import type { LoadPlan, LoadPlanSummary } from './load-plan.ts';
import type { McpClient } from './mcp-client.ts';
import { asObject } from './mcp-wire.ts';
import type { Judgement, McpMessage, Wire } from './mcp-wire.ts';
import type { PooledCall } from './preparation.ts';
import { createRandom } from './random.ts';

/** Argument sets made per tool; users draw from them, so that a cache in the target sees more than one key. */
const mostSetsPerTool = 8;
/** Each set is tried once before the load; of many tools fewer are made, so that this takes no longer than a look. */
const mostTrials = 400;
const maxPages = 100;
const maxTools = 1_000;
const trialConcurrency = 8;
const invalidParams = -32602;
const methodNotFound = -32601;

/** Tools that fail, or wait as long as they are told, are no measure of the target. */
const namedToFail = /fail|flaky|schema_error/i;
const namedToSleep = /slow|sleep|delay/i;

interface Tool {
  name: string;
  inputSchema: unknown;
}

/** The tools of a target, and which of them can be called fairly; each is asked once, when it is first needed. */
export class ToolPool {
  readonly #plan: LoadPlan;
  readonly #client: McpClient;
  readonly #wire: Wire;
  readonly #leftOut: LoadPlanSummary['leftOut'];
  readonly #callable = new Map<string, Promise<PooledCall | undefined>>();
  #listed: Promise<Tool[]> | undefined;

  /** What cannot be called is added to `leftOut`, each with its reason. */
  constructor(plan: LoadPlan, client: McpClient, wire: Wire, leftOut: LoadPlanSummary['leftOut']) {
    this.#plan = plan;
    this.#client = client;
    this.#wire = wire;
    this.#leftOut = leftOut;
  }

  /**
   * The tools whose name matches `pattern` (`*` stands for any text), with arguments made from their schemas, each set
   * tried once. Arguments that the target refuses are left out, and a tool that refuses all of them by name, for that
   * would be the generator's failure, not the target's. Throws `source_unreadable` when the target cannot be listed.
   */
  async callsTo(pattern: string): Promise<{ calls: PooledCall[]; listed: number }> {
    const matching = (await this.#list()).filter(({ name }) => matches(pattern, name));
    const setsPerTool = Math.min(mostSetsPerTool, Math.max(1, Math.floor(mostTrials / matching.length)));
    const calls: PooledCall[] = [];
    for (let at = 0; at < matching.length; at += trialConcurrency) {
      const batch = matching
        .slice(at, at + trialConcurrency)
        .map((tool) => this.#callTo(tool, pattern, setsPerTool));
      calls.push(...(await Promise.all(batch)).filter((call) => call !== undefined));
    }
    return { calls, listed: matching.length };
  }

  /** The first tool whose name matches, in the target's own order. Throws `source_unreadable`, as {@link callsTo}. */
  async first(pattern: string): Promise<string | undefined> {
    return (await this.#list()).find(({ name }) => matches(pattern, name))?.name;
  }

  #list(): Promise<Tool[]> {
    return (this.#listed ??= listTools(this.#plan, this.#client, this.#wire));
  }

  #callTo(tool: Tool, pattern: string, sets: number): Promise<PooledCall | undefined> {
    const known = this.#callable.get(tool.name) ?? this.#prepare(tool, sets, pattern === tool.name);
    this.#callable.set(tool.name, known);
    return known;
  }

  /** `byName`: the scenario asks for this very tool, whatever its name sounds like. */
  async #prepare(
    { name, inputSchema }: Tool,
    sets: number,
    byName: boolean,
  ): Promise<PooledCall | undefined> {
    const known = byName ? undefined : knownReason(name);
    if (known !== undefined) return this.#leaveOut(name, known);
    // A sequence of its own for each tool, so that it does not matter which are asked for.
    const random = createRandom(this.#plan.seed, hashOf(name));
    const made = new Map<string, McpMessage>();
    try {
      for (let set = 0; set < sets; set += 1) {
        const params = { name, arguments: generateArguments(inputSchema, random) };
        made.set(JSON.stringify(params), this.#wire.message('tools/call', params, name));
      }
    } catch (error) {
      if (!(error instanceof UngenerableSchemaError)) throw error;
      return this.#leaveOut(name, error.message);
    }
    const countedAs = `tools/call ${name}`;
    const variants: McpMessage[] = [];
    let refusal: string | undefined;
    for (const message of made.values()) {
      const reason = await this.#refusalOf(message, countedAs);
      if (reason === undefined) variants.push(message);
      else refusal ??= reason;
    }
    return variants.length > 0 ? { name: countedAs, variants } : this.#leaveOut(name, refusal ?? '');
  }

  #leaveOut(name: string, reason: string): undefined {
    this.#leftOut.push({ name, reason });
    return undefined;
  }

  /** Why the target refuses the arguments, or undefined. A failure of another kind is the target's own and stays in. */
  async #refusalOf(message: McpMessage, name: string): Promise<string | undefined> {
    let judgement = await this.#client.request(message, name);
    // A tool that fails now and then says the same as one that takes no such arguments; that one says it again.
    if (judgement.failure === 'isError') judgement = await this.#client.request(message, name);
    if (judgement.failure === undefined) return undefined;
    const { failure, detail, jsonRpcCode } = judgement;
    const refused = failure === 'isError' || jsonRpcCode === invalidParams || jsonRpcCode === methodNotFound;
    return refused
      ? `a trial call with made-up arguments gave ${failure}${detail === '' ? '' : `: ${detail}`}`
      : undefined;
  }
}

function matches(pattern: string, name: string): boolean {
  if (!pattern.includes('*')) return pattern === name;
  const [first = '', ...rest] = pattern.split('*');
  if (!name.startsWith(first)) return false;
  let at = first.length;
  for (const [index, part] of rest.entries()) {
    const isLast = index === rest.length - 1;
    const found = isLast ? Math.max(at, name.length - part.length) : name.indexOf(part, at);
    if (found < at || !name.startsWith(part, found)) return false;
    at = found + part.length;
  }
  return at === name.length;
}

/** FNV-1a, 32 bits. */
function hashOf(text: string): number {
  let hash = 0x811c9dc5;
  for (const character of text) hash = Math.imul(hash ^ (character.codePointAt(0) ?? 0), 0x01000193);
  return hash >>> 1;
}

function knownReason(name: string): string | undefined {
  if (namedToFail.test(name)) return 'by its name it fails on purpose';
  if (namedToSleep.test(name)) return 'by its name it waits as long as it is told';
  return undefined;
}

async function listTools(plan: LoadPlan, client: McpClient, wire: Wire): Promise<Tool[]> {
  const tools: Tool[] = [];
  let cursor: string | undefined;
  for (let page = 0; page < maxPages && tools.length < maxTools; page += 1) {
    const judgement = await client.request(
      wire.message('tools/list', cursor === undefined ? {} : { cursor }),
      'tools/list',
    );
    if (judgement.failure !== undefined) throw unusable(plan, 'tools/list', judgement);
    const { tools: listed, nextCursor } = judgement.result;
    if (!Array.isArray(listed)) {
      throw new GaugewayError(
        'source_unreadable',
        `${plan.targetUrl}: tools/list answered without a list of tools`,
      );
    }
    for (const entry of listed) {
      const { name, inputSchema } = asObject(entry) ?? {};
      if (typeof name === 'string') tools.push({ name, inputSchema });
    }
    if (typeof nextCursor !== 'string') break;
    cursor = nextCursor;
  }
  return tools.slice(0, maxTools);
}

/** A target that refuses what every load begins with. */
export function unusable(
  plan: LoadPlan,
  method: string,
  judgement: Judgement & { failure: string },
): GaugewayError {
  const { failure, detail } = judgement;
  return new GaugewayError(
    'source_unreadable',
    `${plan.targetUrl}: ${method} failed before the load began: ${failure}${detail === '' ? '' : ` (${detail})`}`,
  );
}
