import { randomBytes, randomUUID } from 'node:crypto';
import { extname, join } from 'node:path';
import { SignJWT } from 'jose';
import { configKeys, gatewayConfigSchema } from '../config/schema.ts';
import { nowMs, sleep } from '../shared/clock.ts';
import { GaugewayError, messageOf } from '../shared/errors.ts';
import type { Logger } from '../shared/logger.ts';
import { describeExit, type ReadyProcess, spawnReady } from '../shared/spawn-ready.ts';
import type { StackDescription } from '../shared/stack-description.ts';
import { startEmbeddedPostgres } from './embedded-postgres.ts';
import type { RunningStack } from './running-stack.ts';

export interface EmbeddedStackOptions {
  /** Of the embedded PostgreSQL; its application database starts empty. */
  dataFolder: string;
  logger: Logger;
  /** Interrupts the start. */
  signal?: AbortSignal;
  onProgress?: (text: string) => void;
  gateway?: {
    /** Modules that Node loads before the gateway (`--import`). */
    imports?: readonly string[];
    env?: Readonly<Record<string, string>>;
    /** Added to those of `serve`. */
    args?: readonly string[];
  };
  fixture?: {
    /** Added to those of `upstream-fixture`. */
    args?: readonly string[];
  };
  /** Whether the gateway asks for a token, which is then in the description; true when absent. */
  authenticate?: boolean;
}

/** The name that the sample MCP server is registered under; its tools are called `demo-…`. */
const upstreamName = 'demo';
const readyBoundMs = 30_000;
const readyPollMs = 50;
const readyAnswerBoundMs = 5000;
const tokenLifetime = '7d';

const mainFile = join(import.meta.dirname, '..', `main${extname(import.meta.filename)}`);

/**
 * Brings up a whole stack on loopback: PostgreSQL, the sample MCP server, and the gateway with that server
 * registered, each a process of its own that ends with this one. Resolves when the gateway reports ready.
 * Throws GaugewayError unavailable with the last stderr lines of the process at fault, interrupted on `signal`,
 * or what {@link startEmbeddedPostgres} throws; then nothing of the stack is left running.
 */
export async function startEmbeddedStack(options: EmbeddedStackOptions): Promise<RunningStack> {
  const { logger, onProgress } = options;
  const parts: { name: string; stop: () => Promise<void> }[] = [];
  let stopping: Promise<void> | undefined;
  // The gateway writes its last metrics to PostgreSQL when it ends, so the last one started goes first.
  const stop = (): Promise<void> => (stopping ??= stopInReverse(parts, logger));
  try {
    onProgress?.('starting PostgreSQL');
    const postgres = await startEmbeddedPostgres({
      dataFolder: options.dataFolder,
      emptyDatabase: true,
      logger,
      ...(options.signal && { signal: options.signal }),
    });
    parts.push({ name: 'PostgreSQL', stop: () => postgres.stop() });

    onProgress?.('starting the sample MCP server');
    const upstream = await startPart('sample MCP server', options, [
      mainFile,
      'upstream-fixture',
      '--port=0',
      '--exit-with-parent',
      ...(options.fixture?.args ?? []),
    ]);
    parts.push({ name: 'sample MCP server', stop: () => upstream.stop() });

    onProgress?.('starting the gateway');
    const secret = options.authenticate === false ? undefined : randomBytes(32).toString('base64url');
    const gateway = await startPart(
      'gateway',
      options,
      [
        ...(options.gateway?.imports ?? []).flatMap((module) => ['--import', module]),
        mainFile,
        'serve',
        '--port=0',
        '--exit-with-parent',
        `--register=${upstreamName}=${new URL('/mcp', upstream.url).href}`,
        ...(options.gateway?.args ?? []),
      ],
      // The DSN and the secret by environment: arguments show in the process list.
      { DATABASE_URL: postgres.dsn, JWT_SECRET_KEY: secret, ...options.gateway?.env },
    );
    parts.push({ name: 'gateway', stop: () => gateway.stop() });
    const token = secret === undefined ? undefined : await mintToken(secret);
    await waitUntilReady(gateway, token, options.signal);
    for (const [name, { exited }] of Object.entries({ gateway, 'sample MCP server': upstream })) {
      void exited.then((exit) => {
        if (stopping === undefined) logger.error(describeExit(name, exit));
      });
    }
    const description: StackDescription = {
      name: 'embedded stack',
      embedded: true,
      gatewayUrl: gateway.url,
      ...(token !== undefined && { token }),
      postgresDsn: postgres.dsn,
      processes: [
        { role: 'gateway', name: 'gateway', pid: gateway.pid },
        { role: 'postgres', name: 'PostgreSQL', pid: postgres.pid },
        { role: 'upstream', name: 'sample MCP server', pid: upstream.pid },
      ],
      containers: [],
      logs: [],
    };
    return { description, stop, [Symbol.asyncDispose]: stop };
  } catch (error) {
    await stop();
    throw error;
  }
}

async function startPart(
  name: string,
  options: EmbeddedStackOptions,
  args: string[],
  env: Readonly<Record<string, string | undefined>> = {},
): Promise<ReadyProcess> {
  return spawnReady({
    name,
    command: process.execPath,
    args,
    env: { ...withoutGatewaySettings(), ...env },
    onStderrLine: (line) => options.logger.debug(line, { process: name }),
    ...(options.signal && { signal: options.signal }),
  });
}

/** What the caller's environment says about his own gateway must not reach the one that is started here. */
function withoutGatewaySettings(): Record<string, undefined> {
  const names = Object.values(gatewayConfigSchema.shape).map((key) => configKeys.get(key)?.env ?? '');
  return Object.fromEntries(names.map((name) => [name, undefined]));
}

/** Polls until the gateway is ready and offers the tools of the sample server, as long as it lives. */
async function waitUntilReady(
  gateway: ReadyProcess,
  token: string | undefined,
  signal?: AbortSignal,
): Promise<void> {
  const deadline = nowMs() + readyBoundMs;
  const exit = gateway.exited.then((how) => ({ how }));
  let answer = await askReady(gateway.url, token);
  while (answer !== 'ready') {
    const ended = await Promise.race([exit, sleep(readyPollMs, signal)]);
    if (ended !== undefined) throw new GaugewayError('unavailable', describeExit('gateway', ended.how));
    if (signal?.aborted) throw new GaugewayError('interrupted', 'interrupted while waiting for the gateway');
    if (nowMs() > deadline) {
      const bound = `${readyBoundMs / 1000} s`;
      throw new GaugewayError('unavailable', `the gateway was not ready after ${bound}: ${answer}`);
    }
    answer = await askReady(gateway.url, token);
  }
}

/** `ready`, or what is in the way. */
async function askReady(url: string, token: string | undefined): Promise<string> {
  try {
    const ready = await get(`${url}/ready`, undefined);
    if (ready.status !== 200) return `${ready.status} ${ready.body}`;
    const tools = await get(`${url}/tools`, token);
    if (tools.status !== 200) return `${tools.status} ${tools.body}`;
    return tools.body === '[]' ? 'the sample MCP server is not registered' : 'ready';
  } catch (error) {
    return messageOf(error);
  }
}

async function get(url: string, token: string | undefined): Promise<{ status: number; body: string }> {
  const response = await fetch(url, {
    ...(token !== undefined && { headers: { authorization: `Bearer ${token}` } }),
    signal: AbortSignal.timeout(readyAnswerBoundMs),
  });
  return { status: response.status, body: (await response.text()).slice(0, 500) };
}

async function stopInReverse(
  parts: readonly { name: string; stop: () => Promise<void> }[],
  logger: Logger,
): Promise<void> {
  for (const { name, stop } of parts.toReversed()) {
    try {
      await stop();
    } catch (error) {
      logger.error('could not stop a part of the stack', { part: name, error: messageOf(error) });
    }
  }
}

async function mintToken(secret: string): Promise<string> {
  const { jwtAudience, jwtIssuer } = gatewayConfigSchema.parse({});
  return new SignJWT()
    .setProtectedHeader({ alg: 'HS256', typ: 'JWT' })
    .setSubject('gaugeway-session')
    .setAudience(jwtAudience)
    .setIssuer(jwtIssuer)
    .setJti(randomUUID())
    .setIssuedAt()
    .setExpirationTime(tokenLifetime)
    .sign(new TextEncoder().encode(secret));
}
