import { chmod, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { EmbeddedStackOptions } from '../../src/stack/embedded-stack.ts';
import { faultModule, profileStack } from './profile-stack.ts';

/**
 * Each fault is provoked for real in a running stack, by a module that Node loads before the gateway, and must be
 * named first.
 */
const faults: { name: string; expected: string; title: RegExp; stack: Partial<EmbeddedStackOptions> }[] = [
  {
    name: 'a query that scans a large table each time the tools are listed',
    expected: 'sequential-scans-missing-index',
    title: /`public\.audit_log`.* an index is missing$/,
    stack: { gateway: { imports: [faultModule('large-table-scan')] } },
  },
  {
    name: 'transactions that are left open',
    expected: 'idle-in-transaction',
    title: /connections idle in transaction/,
    stack: { gateway: { imports: [faultModule('open-transactions')] } },
  },
  {
    name: 'a health check that holds its connection',
    expected: 'health-check-holds-connection',
    title: /^Health checks hold \d+ connections/,
    stack: { gateway: { imports: [faultModule('health-check-connection')] } },
  },
  {
    name: 'a blocked event loop',
    expected: 'event-loop-blocked',
    title: /recomputeSynchronously/,
    stack: { gateway: { imports: [faultModule('blocked-event-loop')] } },
  },
  {
    name: 'a slow upstream',
    expected: 'slow-upstream',
    title: /^Tool calls wait \d+ ms for the upstream$/,
    stack: { fixture: { args: ['--delay', '300ms'] } },
  },
];

describe('a session names what is wrong with the stack', { timeout: 90_000 }, () => {
  let folder: string;

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'gaugeway-pathologies-'));
    // As root, PostgreSQL runs under another account, which has to get in.
    await chmod(folder, 0o711);
  });

  afterAll(async () => {
    await rm(folder, { recursive: true, force: true });
  });

  test.for(faults)('$name: $expected', async ({ expected, title, stack }) => {
    const { findings } = await profileStack(folder, expected, stack);
    expect(findings[0]).toMatchObject({
      ruleId: expected,
      verdict: 'fail',
      title: expect.stringMatching(title),
    });
    expect(findings[0]?.evidence.length).toBeGreaterThan(1);
  });

  test('a healthy stack: nothing fails, and all that it has was checked', async () => {
    const { findings, load, notChecked } = await profileStack(folder, 'healthy', {});
    expect(findings.filter(({ verdict }) => verdict === 'fail' || verdict === 'error')).toEqual([]);
    const unexpected = notChecked.filter(({ reason }) => !/^no .* was given$/.test(reason));
    // Growth of memory is judged in minutes.
    expect(unexpected.map(({ ruleId }) => ruleId)).toEqual(['memory-growing']);
    expect(load.failures).toBe(0);
    expect(load.requests).toBeGreaterThan(0);
  });
});
