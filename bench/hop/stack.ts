import { randomBytes } from 'node:crypto';
import { chmod, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { mintToken } from '../../src/gateway/policy/mint-token.ts';
import { nowMs } from '../../src/shared/clock.ts';
import { startServer } from './child-server.ts';
import type { ChildServer } from './child-server.ts';

/** The servers of one comparison, each a process of its own. */
export interface BenchStack extends AsyncDisposable {
  readonly upstream: ChildServer;
  readonly proxy: ChildServer;
  readonly gateway: ChildServer;
  /** A bearer token that the gateway accepts. */
  readonly token: string;
  /** The upstream's `echo` as the gateway exposes it. */
  readonly toolName: string;
}

const main = fileURLToPath(new URL('../../src/main.ts', import.meta.url));
const proxyFile = fileURLToPath(new URL('minimal-proxy.ts', import.meta.url));

/**
 * Starts the sample upstream, the minimal proxy and `gaugeway serve` in front of it: with JWT authentication, and
 * with every call recorded in an embedded PostgreSQL. `gatewayNodeOptions` go to the gateway's Node (profiling).
 */
export async function startStack(gatewayNodeOptions: readonly string[]): Promise<BenchStack> {
  await using started = new AsyncDisposableStack();
  const folder = await mkdtemp(join(tmpdir(), 'gaugeway-bench-'));
  // Started by root, PostgreSQL runs as another user, who must get in, or its data would lie elsewhere and stay.
  await chmod(folder, 0o755);
  started.defer(() => rm(folder, { recursive: true, force: true }));
  const start = async (args: readonly string[], env: NodeJS.ProcessEnv = {}): Promise<ChildServer> => {
    const server = await startServer(args, env);
    started.defer(() => server.stop());
    return server;
  };

  const upstream = await start([main, 'upstream-fixture', '--port', '0', '--exit-with-parent']);
  const proxy = await start([proxyFile, upstream.url]);
  const secret = randomBytes(32).toString('hex');
  const serve = [
    'serve',
    '--port',
    '0',
    '--exit-with-parent',
    '--log-level',
    'warn',
    '--register',
    `lab=${upstream.url}`,
  ];
  const gateway = await start([...gatewayNodeOptions, main, ...serve], {
    JWT_SECRET_KEY: secret,
    GAUGEWAY_DATA: folder,
  });
  const token = await mintToken({
    secret,
    audience: 'mcpgateway-api',
    issuer: 'mcpgateway',
    subject: 'bench',
    lifetimeS: 3600,
    nowMs: nowMs(),
  });
  const running = started.move();
  return {
    upstream,
    proxy,
    gateway,
    token,
    toolName: 'lab-echo',
    [Symbol.asyncDispose]: () => running.disposeAsync(),
  };
}
