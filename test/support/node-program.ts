import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { readdirSync, readlinkSync } from 'node:fs';
import { ownListeningSockets } from '../../src/shared/listening-ports.ts';

/** What a Node process is like from outside and from inside; the same before and after somebody watched it. */
export interface Footprint {
  ports: number[];
  /** Kinds of its open files, e.g. `socket`, `pipe`, `anon_inode`. */
  files: string[];
  /** As it says itself: symbols of its global object, listeners of `process`, active handles, `process.debugPort`. */
  inside: unknown;
}

/** A Node process of a test, killed when it is disposed of. */
export interface NodeProgram extends AsyncDisposable {
  readonly child: ChildProcess;
  readonly pid: number;
  /** Sends a word to the program's own code and resolves to what it answers. */
  ask(question: string): Promise<unknown>;
  footprint(): Promise<Footprint>;
  /** Whether it runs. */
  readonly alive: boolean;
}

/**
 * In front of every program: answers what it is like from inside, hands other words to `answers`, and keeps the process
 * alive. Words are functions of the program, e.g. `answers.work = () => …`, whose promises are waited for.
 */
const preamble = `
  const answers = {};
  process.on('message', async (word) => {
    if (word !== 'footprint') return process.send({ answer: (await answers[word]?.()) ?? null });
    const listeners = {};
    for (const name of process.eventNames()) listeners[String(name)] = process.listenerCount(name);
    process.send({
      answer: {
        symbols: Object.getOwnPropertySymbols(globalThis).map(String),
        listeners,
        handles: process._getActiveHandles().map((handle) => handle.constructor.name).sort(),
        debugPort: process.debugPort,
      },
    });
  });
`;

/**
 * Text of a function that is busy for so long at each call, with statements that follow, which see its `start`. Its loop
 * turns seldom, as V8 does not know by name what it compiled in the middle of a hot loop before it was profiled.
 */
export function busyFunction(name: string, busyMs: number, after = ''): string {
  return `var haystack = new Float64Array(1e6);
  function ${name}() {
    const start = performance.now();
    while (performance.now() - start < ${busyMs}) haystack.indexOf(1);
    ${after}
  }`;
}

/**
 * Starts a program of CommonJS text with an IPC channel, with `--` options of Node in front; resolves when it is ready.
 * `inNetwork`: in a network namespace of its own, or in that of the process with this pid.
 */
export async function startNode(
  text: string,
  options: { node?: string; flags?: string[]; inNetwork?: 'own' | number } = {},
): Promise<NodeProgram> {
  const { node = process.execPath, flags = [] } = options;
  const words = [node, ...flags, '-e', `${preamble}${text}\nprocess.send('ready');`];
  const [command = '', ...args] = [...entering(options.inNetwork), ...words];
  const child = spawn(command, args, { stdio: ['ignore', 'ignore', 'ignore', 'ipc'] });
  const first = await Promise.race([once(child, 'message'), once(child, 'exit')]);
  if (first[0] !== 'ready') throw new Error(`the program ended with ${String(first[0])}`);
  const pid = child.pid ?? 0;
  const ask = async (question: string): Promise<unknown> => {
    const reply = once(child, 'message');
    child.send(question);
    const [message]: unknown[] = await reply;
    return typeof message === 'object' && message !== null ? Reflect.get(message, 'answer') : undefined;
  };
  return {
    child,
    pid,
    ask,
    get alive() {
      return child.exitCode === null && child.signalCode === null;
    },
    async footprint() {
      const inside = await ask('footprint');
      return { ports: await portsOf(pid), files: filesOf(pid), inside };
    },
    async [Symbol.asyncDispose]() {
      const exited = child.exitCode !== null || child.signalCode !== null ? undefined : once(child, 'exit');
      child.kill('SIGKILL');
      await exited;
    },
  };
}

function entering(network: 'own' | number | undefined): string[] {
  if (network === undefined) return [];
  // Another network namespace starts with its loopback down.
  if (network === 'own') return ['unshare', '--net', 'sh', '-c', 'ip link set lo up && exec "$@"', 'sh'];
  return ['nsenter', `--net=/proc/${network}/ns/net`, '--'];
}

/** Ports on which a process listens. */
export async function portsOf(pid: number): Promise<number[]> {
  return (await ownListeningSockets(pid)).map(({ port }) => port).toSorted((a, b) => a - b);
}

function filesOf(pid: number): string[] {
  return readdirSync(`/proc/${pid}/fd`)
    .map((number) => readlinkSync(`/proc/${pid}/fd/${number}`).replace(/:?\[?\d+\]?$/, ''))
    .toSorted();
}
