import { describe, expect, test } from 'vitest';
import { EntryFolder } from './fold-entries.ts';
import type { LogEntry } from './log-entry.ts';

function fold(text: string): LogEntry[] {
  const entries: LogEntry[] = [];
  const folder = new EntryFolder((entry) => entries.push(entry));
  for (const line of text.split('\n')) folder.add({ text: line, atMs: null, writer: '' });
  folder.end();
  return entries;
}

function only(text: string): LogEntry {
  const [entry, ...others] = fold(text);
  if (entry === undefined || others.length > 0) throw new Error(`${1 + others.length} entries`);
  return entry;
}

describe('lines of text', () => {
  test.for<[string, string, LogEntry['level'], string, string | null]>([
    [
      'Python logging',
      '2026-11-28 01:51:07,123 - mcpgateway.db - ERROR - Failed to call',
      'error',
      'Failed to call',
      null,
    ],
    [
      'uvicorn',
      'INFO:     127.0.0.1:1 - "GET / HTTP/1.1" 500',
      'info',
      '127.0.0.1:1 - "GET / HTTP/1.1" 500',
      null,
    ],
    [
      'gunicorn',
      '[2026-11-28 01:51:07 +0000] [12] [CRITICAL] WORKER TIMEOUT',
      'fatal',
      'WORKER TIMEOUT',
      '2026-11-28T01:51:07.000Z',
    ],
    [
      'PostgreSQL',
      '2026-11-28 01:51:08.123 UTC [99] FATAL:  sorry, too many clients already',
      'fatal',
      'sorry, too many clients already',
      '2026-11-28T01:51:08.123Z',
    ],
    [
      'PgBouncer',
      '2026-11-28 01:51:08.123 UTC [99] WARNING C-0x55: mcp/app@127.0.0.1:5 pooler error: query_wait_timeout',
      'warn',
      'C-0x55: mcp/app@127.0.0.1:5 pooler error: query_wait_timeout',
      '2026-11-28T01:51:08.123Z',
    ],
    [
      'Redis',
      '12:M 28 Nov 2026 01:51:07.123 # Out of memory allocating',
      'warn',
      'Out of memory allocating',
      null,
    ],
    [
      'nginx',
      '2026/11/28 01:51:07 [error] 12#12: *1 no live upstreams',
      'error',
      '12#12: *1 no live upstreams',
      null,
    ],
    [
      'logfmt',
      'time="2026-11-28T01:51:07Z" level=warning msg="slow down"',
      'warn',
      'slow down',
      '2026-11-28T01:51:07.000Z',
    ],
    ['Kubernetes', 'E1128 01:51:07.123456       1 main.go:12] no route', 'error', 'no route', null],
    ['no level, an error by its words', 'the request timed out', 'error', 'the request timed out', null],
    ['no level, nothing by its words', 'listening on 4444', 'unknown', 'listening on 4444', null],
  ])('%s', ([, line, level, text, time]) => {
    const entry = only(line);
    expect([entry.level, entry.text]).toEqual([level, text]);
    if (time !== null) expect(entry.atMs).toBe(Date.parse(time));
  });

  test('a time without a zone is this machine’s', () => {
    expect(only('2026-11-28 01:51:07,500 - a - INFO - b').atMs).toBe(
      new Date(2026, 10, 28, 1, 51, 7, 500).getTime(),
    );
  });
});

describe('lines of JSON', () => {
  const at = 1_764_294_667_123;
  test.for<[string, object, Partial<LogEntry>]>([
    [
      'pino',
      {
        level: 50,
        time: at,
        msg: 'boom',
        err: { type: 'TypeError', message: 'x', stack: 'TypeError: x\n  at f' },
      },
      { level: 'error', text: 'boom: x', errorType: 'TypeError', atMs: at, stack: 'TypeError: x\n  at f' },
    ],
    [
      'bunyan',
      { name: 'app', level: 40, time: new Date(at).toISOString(), msg: 'slow' },
      { level: 'warn', text: 'slow', atMs: at },
    ],
    [
      'structlog',
      { event: 'tool failed', level: 'critical', timestamp: new Date(at).toISOString() },
      { level: 'fatal', text: 'tool failed', atMs: at },
    ],
    [
      'zap',
      { level: 'error', ts: at / 1000, msg: 'dial', error: 'ECONNREFUSED' },
      { level: 'error', text: 'dial: ECONNREFUSED', atMs: at },
    ],
    [
      'Python',
      { levelname: 'WARNING', message: 'm', asctime: '2026-11-28T00:00:00Z' },
      { level: 'warn', text: 'm', atMs: Date.parse('2026-11-28T00:00:00Z') },
    ],
    [
      "Docker's own file",
      { log: 'ERROR:    gone\n', stream: 'stderr', time: new Date(at).toISOString() },
      { level: 'error', text: 'gone', atMs: at },
    ],
  ])('%s', ([, record, expected]) => {
    expect(only(JSON.stringify(record))).toMatchObject(expected);
  });

  test('what only looks like JSON is a text', () => {
    expect(only('{not json}').text).toBe('{not json}');
  });
});

describe('stacks belong to what they explain', () => {
  test('of Python, with the cause of the cause', () => {
    const [entry, next] = fold(
      [
        'ERROR:    Exception in ASGI application',
        'Traceback (most recent call last):',
        '  File "/app/x.py", line 3, in f',
        'sqlalchemy.exc.OperationalError: server closed the connection',
        '',
        'During handling of the above exception, another exception occurred:',
        '',
        'Traceback (most recent call last):',
        '  File "/app/y.py", line 3, in f',
        'RuntimeError: boom',
        'INFO:     next',
      ].join('\n'),
    );
    expect(entry).toMatchObject({ text: 'Exception in ASGI application', errorType: 'RuntimeError' });
    expect(entry?.stack?.split('\n')).toHaveLength(7);
    expect(next?.text).toBe('next');
  });

  test('of Python by itself: the line that names the error is the text', () => {
    const entry = only('Traceback (most recent call last):\n  File "/a.py", line 1\nKeyError: \'a\'');
    expect(entry).toMatchObject({ level: 'error', text: "KeyError: 'a'", errorType: 'KeyError' });
  });

  test('of Node', () => {
    const entry = only(
      'TypeError: x is not a function\n    at f (/a.js:1:2)\n    at g (/a.js:2:2) {\n  code: 1\n}',
    );
    expect(entry).toMatchObject({ level: 'error', errorType: 'TypeError' });
  });

  test('of Node below a line with its time and level', () => {
    const entry = only('2026-11-28T01:51:07Z ERROR app - failed\nTypeError: no\n    at f (/a.js:1:2)');
    expect(entry).toMatchObject({ text: 'app - failed', errorType: 'TypeError' });
  });

  test('of Java', () => {
    const entry = only(
      'java.lang.IllegalStateException: bad\n\tat com.a.B.c(B.java:1)\nCaused by: java.net.SocketTimeoutException: late\n\t... 12 more',
    );
    expect(entry).toMatchObject({ errorType: 'IllegalStateException' });
  });

  test('of Go', () => {
    const entry = only(
      'panic: index out of range\n\ngoroutine 1 [running]:\nmain.main()\n\t/tmp/x.go:8 +0x1d\nexit status 2',
    );
    expect(entry.level).toBe('fatal');
  });

  test('the particulars of PostgreSQL', () => {
    const at = '2026-11-28 01:51:08.123 UTC [99]';
    const entries = fold(
      `${at} ERROR:  deadlock detected\n${at} DETAIL:  Process 1 waits\n${at} STATEMENT:  update a\n${at} LOG:  next`,
    );
    expect(entries.map(({ text }) => text)).toEqual(['deadlock detected', 'next']);
    expect(entries[0]?.stack).toContain('STATEMENT:  update a');
  });

  test('an endless stack is bounded and keeps its last line', () => {
    const frames = Array.from({ length: 10_000 }, (_, at) => `  File "/app/${at}.py"`);
    const entry = only(
      ['Traceback (most recent call last):', ...frames, 'RecursionError: too deep'].join('\n'),
    );
    expect(entry.stack?.length).toBeLessThan(20_000);
    expect(entry).toMatchObject({ text: 'RecursionError: too deep', errorType: 'RecursionError' });
  });

  test('an entry whose rest is on its way is not ended', () => {
    const entries: LogEntry[] = [];
    const folder = new EntryFolder((entry) => entries.push(entry));
    const add = (text: string): void => folder.add({ text, atMs: null, writer: '' });
    add('ERROR:    boom');
    folder.settle();
    add('  at f');
    folder.settle();
    expect(entries).toEqual([]);
    folder.settle();
    expect(entries).toMatchObject([{ text: 'boom', stack: '  at f' }]);
  });
});
