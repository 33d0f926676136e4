import { SignJWT } from 'jose';
import { randomUUID } from 'node:crypto';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { freePort } from './free-port.ts';
import { startGuarded } from './guarded-server.ts';
import { findProgramIn } from './requires.ts';
import { temporaryFolder } from './temporary-folder.ts';

/** ContextForge's own command: on PATH, or where `.ci/run` installs it. */
export const contextForge = findProgramIn(
  [join(homedir(), '.cache/gaugeway-ci/contextforge/bin')],
  'mcpgateway',
);

/** A real ContextForge on SQLite, on a port of its own. */
export interface RunningContextForge extends AsyncDisposable {
  readonly url: string;
  /** An administrator's, by its own scheme of claims. */
  readonly token: string;
  /** A request of its control plane; throws when it is refused. */
  post(path: string, body: object): Promise<Record<string, unknown>>;
}

const administrator = 'admin@example.com';

/** Its settings in every setting of ours: rate limits are out of the way of a load, and loopback may be called. */
export function contextForgeSettings(secret: string): Record<string, string> {
  return {
    JWT_SECRET_KEY: secret,
    AUTH_ENCRYPTION_SECRET: `${randomUUID()}${randomUUID()}`,
    PLATFORM_ADMIN_EMAIL: administrator,
    PLATFORM_ADMIN_PASSWORD: `Aa1!${randomUUID()}`,
    BASIC_AUTH_PASSWORD: `Aa1!${randomUUID()}`,
    PASSWORD_CHANGE_ENFORCEMENT_ENABLED: 'false',
    ADMIN_REQUIRE_PASSWORD_CHANGE_ON_BOOTSTRAP: 'false',
    MCPGATEWAY_UI_ENABLED: 'true',
    MCPGATEWAY_ADMIN_API_ENABLED: 'true',
    SSRF_ALLOW_LOCALHOST: 'true',
    SSRF_ALLOW_PRIVATE_NETWORKS: 'true',
    RATE_LIMITING_ENABLED: 'false',
    LOG_LEVEL: 'ERROR',
  };
}

/** Resolves when it is healthy, which takes it half a minute and more. */
export async function startContextForge(program: string): Promise<RunningContextForge> {
  const folder = await temporaryFolder();
  const port = await freePort();
  const url = `http://127.0.0.1:${port}`;
  const secret = `${randomUUID()}${randomUUID()}`;
  const end = await startGuarded({
    name: 'ContextForge',
    command: program,
    args: ['--host', '127.0.0.1', '--port', String(port)],
    cwd: folder.path,
    env: {
      DATABASE_URL: `sqlite:///${join(folder.path, 'mcp.db')}`,
      CACHE_TYPE: 'memory',
      ...contextForgeSettings(secret),
    },
    ready: `${url}/health`,
    startLimitMs: 120_000,
  });
  const token = await adminToken(secret);
  return {
    url,
    token,
    post: (path, body) => postToContextForge(url, token, path, body),
    async [Symbol.asyncDispose]() {
      await end();
      await folder[Symbol.asyncDispose]();
    },
  };
}

/** A request of its control plane; throws when it is refused. */
export async function postToContextForge(
  url: string,
  token: string,
  path: string,
  body: object,
): Promise<Record<string, unknown>> {
  const answer = await fetch(url + path, {
    method: 'POST',
    headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' },
    body: JSON.stringify(body),
  });
  const text = await answer.text();
  if (!answer.ok) throw new Error(`POST ${path}: ${answer.status} ${text}`);
  return JSON.parse(text);
}

/** An administrator's token, by its own scheme of claims. */
export function adminToken(secret: string, lifetime = '10m'): Promise<string> {
  return new SignJWT({ user: { email: administrator, is_admin: true, auth_provider: 'cli' }, teams: null })
    .setProtectedHeader({ alg: 'HS256', typ: 'JWT' })
    .setSubject(administrator)
    .setAudience('mcpgateway-api')
    .setIssuer('mcpgateway')
    .setJti(randomUUID())
    .setIssuedAt()
    .setExpirationTime(lifetime)
    .sign(new TextEncoder().encode(secret));
}
