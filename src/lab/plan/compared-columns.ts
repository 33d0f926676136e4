import type { A_Expr, Node } from 'libpg-query';

/** A column that a condition compares in a way that a B-tree index serves. */
export interface ComparedColumn {
  /** The table's alias where the condition names it. */
  qualifier: string | null;
  column: string;
  by: 'equality' | 'range';
  /** Whether it is compared with a column of another table. */
  joins: boolean;
}

const equalities = new Set(['=']);
const ranges = new Set(['<', '<=', '>', '>=']);
/** Types to which a cast of another text type costs nothing, so that the index of the column still serves. */
const textTypes = new Set(['text', 'bpchar', 'varchar']);

/** How a plan names the result of a subplan, which is no SQL. */
const subplanResult = /\((?:InitPlan|SubPlan) \d+\)\.col\d+/g;

/**
 * The columns that a condition of a plan (`Filter`, `Hash Cond`) compares, those within OR or within an expression
 * left out. None for a condition that cannot be parsed.
 */
export async function comparedColumns(condition: string): Promise<ComparedColumn[]> {
  const { parse, hasSqlDetails } = await import('libpg-query');
  try {
    const [first] = (await parse(`SELECT 1 WHERE ${condition.replaceAll(subplanResult, '$1')}`)).stmts ?? [];
    const select =
      first?.stmt !== undefined && 'SelectStmt' in first.stmt ? first.stmt.SelectStmt : undefined;
    return select?.whereClause === undefined ? [] : columnsOf(select.whereClause);
  } catch (error) {
    // A plan also prints what SQL cannot say, such as hashed subplans.
    if (hasSqlDetails(error)) return [];
    throw error;
  }
}

function columnsOf(node: Node): ComparedColumn[] {
  if ('BoolExpr' in node) {
    const { boolop, args = [] } = node.BoolExpr;
    if (boolop === 'AND_EXPR') return args.flatMap(columnsOf);
    const [only] = args;
    return boolop === 'NOT_EXPR' && only !== undefined && 'ColumnRef' in only ? columnsOf(only) : [];
  }
  if ('NullTest' in node) {
    const column = node.NullTest.nulltesttype === 'IS_NULL' ? columnOf(node.NullTest.arg) : undefined;
    return column === undefined ? [] : [{ ...column, by: 'equality', joins: false }];
  }
  if ('ColumnRef' in node) {
    const column = columnOf(node);
    return column === undefined ? [] : [{ ...column, by: 'equality', joins: false }];
  }
  return 'A_Expr' in node ? columnsOfComparison(node.A_Expr) : [];
}

function columnsOfComparison({ kind, name, lexpr, rexpr }: A_Expr): ComparedColumn[] {
  const [operator] = name ?? [];
  const symbol = operator !== undefined && 'String' in operator ? (operator.String.sval ?? '') : '';
  const by = equalities.has(symbol) ? 'equality' : ranges.has(symbol) ? 'range' : undefined;
  if (by === undefined || (kind !== 'AEXPR_OP' && kind !== 'AEXPR_OP_ANY')) return [];
  const left = columnOf(lexpr);
  const right = kind === 'AEXPR_OP' ? columnOf(rexpr) : undefined;
  if (left !== undefined && right !== undefined) {
    if (left.qualifier === right.qualifier) return [];
    return [left, right].map((column) => ({ ...column, by, joins: true }));
  }
  const column = left ?? right;
  return column === undefined ? [] : [{ ...column, by, joins: false }];
}

function columnOf(node: Node | undefined): { qualifier: string | null; column: string } | undefined {
  if (node === undefined) return undefined;
  if ('TypeCast' in node) {
    const { arg, typeName } = node.TypeCast;
    const last = typeName?.names?.at(-1);
    const type = last !== undefined && 'String' in last ? (last.String.sval ?? '') : '';
    return textTypes.has(type) ? columnOf(arg) : undefined;
  }
  if (!('ColumnRef' in node)) return undefined;
  const names = (node.ColumnRef.fields ?? []).map((field) =>
    'String' in field ? field.String.sval : undefined,
  );
  const column = names.at(-1);
  return column === undefined ? undefined : { qualifier: names.at(-2) ?? null, column };
}
