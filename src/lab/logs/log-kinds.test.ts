import { describe, expect, test } from 'vitest';
import { knownSignatures, signatureNamed, signatureOf } from './known-signatures.ts';
import type { LogEntry } from './log-entry.ts';
import { LogKinds } from './log-kinds.ts';
import { maskTemplate } from './mask-template.ts';

describe('a template leaves out what differs within a kind', () => {
  test.for([
    ['tool 12 took 4.5ms for 10.0.0.1:80', 'tool <n> took <duration> for <ip>'],
    ['session 5f0c7a3e-1b2d-4c3e-8f9a-0b1c2d3e4f50 of a.b@c.org', 'session <uuid> of <email>'],
    ['cannot open /var/log/a.log: "no such file"', 'cannot open <path>: <text>'],
    ['at 0xdeadbeef, commit deadbeef01', 'at <hex>, commit <hex>'],
    ["can't call https://u.example/x?y=1", "can't call <url>"],
    ['ids 1, 2, 3, 4', 'ids <n> … '.trim()],
  ])('%s', ([text = '', template]) => {
    expect(maskTemplate(text)).toBe(template);
  });
});

function entry(text: string, atMs: number | null = null): LogEntry {
  return { atMs, level: 'error', text, errorType: null, stack: null };
}

/** A word without digits, a different one for each number. */
function word(at: number): string {
  return String(at).replaceAll(/\d/g, (digit) => 'abcdefghij'.charAt(Number(digit)));
}

describe('kinds are counted', () => {
  test('with the first and the last time, and one example without secrets', () => {
    const kinds = new LogKinds();
    kinds.add(entry('login 1 failed token=abcdef', 2000));
    kinds.add(entry('login 2 failed token=abcdef', 1000));
    expect(kinds.list()).toEqual([
      {
        template: 'login <n> failed token=***',
        level: 'error',
        errorType: null,
        signature: null,
        count: 2,
        firstSeenMs: 1000,
        lastSeenMs: 2000,
        example: 'login 1 failed token=***',
      },
    ]);
  });

  test('within bounded memory: what comes too late is counted together', () => {
    const kinds = new LogKinds();
    for (let at = 0; at < 5000; at += 1) kinds.add(entry(`unlike ${word(at)}`));
    const list = kinds.list();
    expect(list.length).toBeLessThanOrEqual(2001);
    expect(list[0]).toMatchObject({ template: '(other kinds)', count: 3000 });
  });
});

describe('known signatures', () => {
  test.for([
    ['FATAL: terminating connection due to idle-in-transaction timeout', 'idle transaction timeout'],
    ['closing because: idle transaction timeout (age=10s)', 'idle transaction timeout'],
    [
      'FATAL: remaining connection slots are reserved for non-replication superuser connections',
      'no connection slots left',
    ],
    ['FATAL: sorry, too many clients already', 'too many clients'],
    ['pooler error: query_wait_timeout', 'query_wait_timeout'],
    ['QueuePool limit of size 5 overflow 10 reached', 'connection pool timeout'],
    ['ERROR: canceling statement due to statement timeout', 'statement timeout'],
    ['ERROR: deadlock detected', 'deadlock'],
    ['Error: read ECONNRESET', 'connection reset'],
    ['upstream prematurely closed connection while reading', 'upstream closed early'],
    ['no live upstreams while connecting to upstream', 'no live upstreams'],
    ['1024 worker_connections are not enough', 'worker_connections used up'],
    ['Error: EMFILE, accept', 'too many open files'],
    [
      'FATAL ERROR: Reached heap limit Allocation failed - JavaScript heap out of memory',
      'heap out of memory',
    ],
    ['Memory cgroup out of memory: Killed process 12', 'killed for want of memory'],
    ["-OOM command not allowed when used memory > 'maxmemory'.", 'Redis out of memory'],
    ["READONLY You can't write against a read only replica.", 'Redis read-only'],
    ['BUSY Redis is busy running a script', 'Redis busy'],
    ['ERR max number of clients reached', 'Redis maxclients'],
  ])('%s', ([text = '', name]) => {
    expect(signatureOf(text)?.name).toBe(name);
  });

  test('each has a name of its own, and ordinary entries have none', () => {
    expect(new Set(knownSignatures.map(({ name }) => name)).size).toBe(knownSignatures.length);
    expect(signatureNamed('deadlock')?.verdict).toBe('fail');
    expect(signatureOf('request done in 3 ms')).toBeUndefined();
  });
});
