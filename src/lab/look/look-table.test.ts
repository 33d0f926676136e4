import { describe, expect, test } from 'vitest';
import { lookTable, renderLook } from './look-table.ts';
import type { LookDocument, LookVerdict } from './look.ts';

interface Row {
  name: string;
  count: number;
  verdict: LookVerdict;
}

const table = (rows: Row[]) =>
  lookTable({
    rows,
    name: { title: 'name', value: ({ name }) => name },
    columns: [{ title: 'count', value: ({ count }) => String(count), expendable: 0 }],
    verdict: ({ verdict }) => verdict,
    empty: 'nothing there',
  });

const look = (changes: Partial<LookDocument> = {}): LookDocument => ({
  command: 'test',
  atMs: 0,
  windowMs: null,
  verdict: 'ok',
  remarks: [],
  notes: [],
  ...changes,
});

describe('a look', () => {
  test('shows its verdict as the last column', () => {
    const rows: Row[] = [
      { name: 'idle', count: 7, verdict: 'ok' },
      { name: 'idle in transaction', count: 60, verdict: 'fail' },
    ];
    expect(renderLook(look(), [table(rows)], { columns: 80, color: false })).toEqual([
      'name                 count  verdict',
      'idle                     7  ok',
      'idle in transaction     60  fail',
    ]);
  });

  test('says more below a row, within the terminal', () => {
    const long = lookTable({
      rows: [1, 2],
      name: { title: 'pid', value: String },
      columns: [],
      detail: (pid) => (pid === 1 ? 'word '.repeat(8) : ''),
    });
    expect(long.render({ columns: 24, color: false })).toEqual([
      'pid',
      '1',
      '  word word word word',
      '    word word word word',
      '2',
    ]);
  });

  test('colours nothing but the head and the verdicts', () => {
    const [head, line] = table([{ name: 'a', count: 1, verdict: 'fail' }]).render({
      columns: 80,
      color: true,
    });
    expect(head).toBe('\u001b[1mname  count  verdict\u001b[0m');
    expect(line).toBe('a         1  \u001b[31mfail\u001b[0m');
  });

  test('keeps within the terminal, remarks and notes too', () => {
    const text = 'word '.repeat(40).trim();
    const document = look({
      verdict: 'warn',
      remarks: [{ verdict: 'warn', text, advice: text }],
      notes: [text],
    });
    const lines = renderLook(document, [table([{ name: 'x'.repeat(90), count: 1, verdict: 'ok' }])], {
      columns: 60,
      color: false,
    });
    expect(Math.max(...lines.map((line) => line.length))).toBeLessThanOrEqual(60);
    expect(lines.filter((line) => line.startsWith('warn'))).toHaveLength(1);
  });

  test('lets nothing of a source move the cursor or show a secret', () => {
    const [, line] = table([
      { name: 'set\u001b[2J postgresql://u:hidden@h/d', count: 1, verdict: 'ok' },
    ]).render({ columns: 80, color: false });
    expect(line).not.toContain('\u001b');
    expect(line).not.toContain('hidden');
  });

  test('says so where there is nothing', () => {
    expect(renderLook(look(), [table([])], { columns: 80, color: false })).toEqual(['nothing there']);
  });
});
