import { withoutReferences } from '../../config/stack-file.ts';
import { oneLine } from '../../shared/one-line.ts';
import type { DiscoveredStack, FileEntry } from './found.ts';

/** The text of a stack file for what was found: each line says where it was found, what did not work is a comment. */
export function stackFileText(found: DiscoveredStack): string {
  const lines = [
    '# The stack that gaugeway discover found. Check it with: gaugeway doctor',
    '# Passwords are not in here: ${NAME} is the environment variable NAME, ${file:PATH} what a file holds.',
    ...found.variables.map(({ name, meaning }) => `# Set before use: ${name}, ${oneLine(meaning)}`),
  ];
  if (found.name !== undefined) lines.push(`name: ${quoted(withoutReferences(found.name))}`);
  lines.push(...section('gateway', [['url', plain(found.gateway)]]));
  lines.push(...section('postgres', [['dsn', found.postgres]]));
  lines.push(...section('pgbouncer', [['dsn', found.pgbouncer]]));
  lines.push(...section('redis', [['url', found.redis]]));
  lines.push(
    ...section('nginx', [
      ['status', plain(found.nginxStatus)],
      ['accessLog', plain(found.nginxAccessLog)],
    ]),
  );
  lines.push(
    ...list(
      'processes',
      found.processes.map(({ role, name, by, comment }) => ({ fields: { role, name, ...by }, comment })),
    ),
  );
  if (found.containerSocket !== undefined) {
    lines.push('containers:', `  socket: ${quoted(withoutReferences(found.containerSocket))}`);
    const watched = found.containers.map(({ role, name, comment }) => ({ fields: { role, name }, comment }));
    lines.push(...list('watch', watched).map((line) => `  ${line}`));
  }
  lines.push(
    ...list(
      'logs',
      found.logs.map(({ role, name, from, comment }) => ({ fields: { role, name, ...from }, comment })),
    ),
  );
  return `${lines.join('\n')}\n`;
}

/** A mapping with the entries that were found; one of which nothing is usable is a comment as a whole. */
function section(name: string, entries: readonly [string, FileEntry | undefined][]): string[] {
  const there = entries.flatMap(([key, entry]) => (entry === undefined ? [] : [{ key, entry }]));
  if (there.length === 0) return [];
  const off = there.every(({ entry }) => !entry.usable) ? '# ' : '';
  return [
    `${off}${name}:`,
    ...there.flatMap(({ key, entry: { value, comments, usable } }) => [
      ...comments.map((comment) => `${off === '' ? '  ' : ''}# ${oneLine(comment)}`),
      usable ? `  ${key}: ${quoted(value)}` : `#   ${key}: ${quoted(value)}`,
    ]),
  ];
}

function list(
  name: string,
  rows: readonly { fields: Record<string, string | number>; comment: string }[],
): string[] {
  if (rows.length === 0) return [];
  return [
    `${name}:`,
    ...rows.flatMap(({ fields, comment }) => [
      `  # ${oneLine(comment)}`,
      `  - { ${Object.entries(fields)
        .map(
          ([key, value]) => `${key}: ${typeof value === 'number' ? value : quoted(withoutReferences(value))}`,
        )
        .join(', ')} }`,
    ]),
  ];
}

/** What was found as it is: nothing in it is a reference. */
function plain(entry: FileEntry | undefined): FileEntry | undefined {
  return entry === undefined ? undefined : { ...entry, value: withoutReferences(entry.value) };
}

/** Plain where YAML reads it as this text, else in double quotes, which YAML reads as JSON does. */
function quoted(text: string): string {
  return /^[A-Za-z][A-Za-z0-9_-]*$/.test(text) && !/^(true|false|null|yes|no|on|off|y|n)$/i.test(text)
    ? text
    : JSON.stringify(text);
}
