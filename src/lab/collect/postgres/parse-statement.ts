import { GaugewayError, messageOf } from '../../../shared/errors.ts';
import { codeOf } from './mask-statement.ts';
import { type NamedObjects, namedObjects } from './named-objects.ts';

/** What PostgreSQL's own parser says of one statement that EXPLAIN can take. */
export interface ParsedStatement {
  /** Whether it only reads. What locks rows, or keeps its result in a table, does not. */
  kind: 'read' | 'write';
  /** The highest `$n`; 0 when its constants are in place. */
  parameters: number;
  named: NamedObjects;
}

const explainable = ['SelectStmt', 'InsertStmt', 'UpdateStmt', 'DeleteStmt', 'MergeStmt'];
const writing = ['InsertStmt', 'UpdateStmt', 'DeleteStmt', 'MergeStmt', 'intoClause', 'lockingClause'];

/** Parses what must be one statement. Throws GaugewayError usage for none, several, a mistake, or one that has no plan. */
export async function parseStatement(sql: string): Promise<ParsedStatement> {
  // The parser takes no text without a statement.
  const statements = /\S/.test(codeOf(sql)) ? await parse(sql) : [];
  const [first] = statements;
  if (first === undefined) throw new GaugewayError('usage', 'there is no SQL statement to explain');
  if (statements.length > 1) {
    throw new GaugewayError('usage', `one statement can be explained at a time, not ${statements.length}`);
  }
  const [type = ''] = Object.keys(first.stmt ?? {});
  if (!explainable.includes(type)) {
    const hint = type === 'ExplainStmt' ? ': give the statement without EXPLAIN' : '';
    throw new GaugewayError(
      'usage',
      `SELECT, INSERT, UPDATE, DELETE, MERGE and VALUES have plans, not ${type.replace(/Stmt$/, '')}${hint}`,
    );
  }
  let kind: ParsedStatement['kind'] = 'read';
  let parameters = 0;
  walk(first.stmt, (key, value) => {
    if (writing.includes(key)) kind = 'write';
    if (key === 'ParamRef') parameters = Math.max(parameters, numberOf(value));
  });
  return { kind, parameters, named: namedObjects(first.stmt) };
}

async function parse(sql: string): Promise<{ stmt?: object }[]> {
  // Loaded when it is needed: the parser is a large module.
  const parser = await import('libpg-query');
  try {
    return (await parser.parse(sql)).stmts ?? [];
  } catch (cause) {
    const at = parser.hasSqlDetails(cause)
      ? ` at character ${(cause.sqlDetails?.cursorPosition ?? 0) + 1}`
      : '';
    throw new GaugewayError('usage', `not a statement of PostgreSQL: ${messageOf(cause)}${at}`, { cause });
  }
}

function walk(value: unknown, visit: (key: string, value: unknown) => void): void {
  if (typeof value !== 'object' || value === null) return;
  for (const [key, below] of Object.entries(value)) {
    visit(key, below);
    walk(below, visit);
  }
}

function numberOf(value: unknown): number {
  return typeof value === 'object' && value !== null && 'number' in value ? Number(value.number) : 0;
}
