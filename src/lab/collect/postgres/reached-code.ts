import { z } from 'zod';
import { labMark } from './lab-sql.ts';
import type { NamedObjects } from './named-objects.ts';
import type { Send } from './postgres-target.ts';

/**
 * What is not PostgreSQL's own has an oid from here on (FirstNormalObjectId): nobody but the server's makers wrote what
 * is below.
 */
const firstUserOid = 16_384;

/**
 * Built-in functions that must not be run: volatile ones act, and others run a query or an input function that is named
 * to them as a value. An input function takes a cstring, which a plain statement has no need to call; what takes an
 * internal (as the methods of TABLESAMPLE do) no statement can call.
 */
const unsafeBuiltIn = `('internal'::regtype <> all (p.proargtypes)) and (p.provolatile = 'v' or 'cstring'::regtype = any (p.proargtypes)
  or p.proname ~ '^(table|schema|database)_to_xml|^pg_input_')`;

/** Functions that a stored tree of an expression or a query calls. The catalogue records no use of built-in ones. */
const calledIn = (tree: string): string =>
  `select 'pg_proc'::regclass, (regexp_matches(${tree}::text, ':(?:funcid|opfuncid|aggfnoid|winfnoid) ([0-9]+)', 'g'))[1]::oid`;

/**
 * Everything that may run with a statement, from the names in it: views and rules, policies, generated columns, checks,
 * indexes, partitions, domains, operators. Names without a schema mean those in any schema.
 */
const walk = `with recursive
  named as (
    select kind, schema, name from json_to_recordset($1::json) as n (kind text, schema text, name text)),
  seed (classid, objid) as (
    select 'pg_class'::regclass, to_regclass(case when schema is null then quote_ident(name)
      else quote_ident(schema) || '.' || quote_ident(name) end)::oid
      from named where kind = 'relation'
    union select 'pg_proc'::regclass, p.oid from named join pg_proc p on p.proname = name
      join pg_namespace s on s.oid = pronamespace and s.nspname = coalesce(schema, s.nspname) where kind = 'function'
    union select 'pg_type'::regclass, t.oid from named join pg_type t on t.typname = name
      join pg_namespace s on s.oid = typnamespace and s.nspname = coalesce(schema, s.nspname)
      where kind in ('function', 'type')),
  reached (classid, objid) as (
    select classid, objid from seed where objid is not null
    union
    select next.classid, next.objid from reached r cross join lateral (
      select d.refclassid, d.refobjid from pg_depend d
        where d.classid = r.classid and d.objid = r.objid and d.deptype <> 'e'
          and d.refclassid in ('pg_class'::regclass, 'pg_proc'::regclass, 'pg_type'::regclass, 'pg_operator'::regclass)
          and r.classid not in ('pg_proc'::regclass, 'pg_operator'::regclass)
      union all select 'pg_rewrite'::regclass, w.oid from pg_rewrite w join pg_class c on c.oid = ev_class
        where r.classid = 'pg_class'::regclass and ev_class = r.objid and relkind <> 'm'
      union all select 'pg_policy'::regclass, oid from pg_policy
        where r.classid = 'pg_class'::regclass and polrelid = r.objid
      union all select 'pg_attrdef'::regclass, f.oid from pg_attrdef f
        join pg_attribute a on attrelid = adrelid and attnum = adnum and attgenerated <> ''
        where r.classid = 'pg_class'::regclass and adrelid = r.objid
      union all select 'pg_constraint'::regclass, oid from pg_constraint
        where contype = 'c' and (r.classid = 'pg_class'::regclass and conrelid = r.objid
          or r.classid = 'pg_type'::regclass and contypid = r.objid)
      union all select 'pg_class'::regclass, indexrelid from pg_index
        where r.classid = 'pg_class'::regclass and indrelid = r.objid
      union all select 'pg_statistic_ext'::regclass, oid from pg_statistic_ext
        where r.classid = 'pg_class'::regclass and stxrelid = r.objid
      union all select 'pg_class'::regclass, inhrelid from pg_inherits
        where r.classid = 'pg_class'::regclass and inhparent = r.objid
      union all select 'pg_type'::regclass, atttypid from pg_attribute
        where r.classid = 'pg_class'::regclass and attrelid = r.objid and atttypid >= ${firstUserOid}
      union all select 'pg_class'::regclass, typrelid from pg_type
        where r.classid = 'pg_type'::regclass and pg_type.oid = r.objid and typrelid <> 0
      union all (${calledIn('ev_action')} from pg_rewrite
        where r.classid = 'pg_rewrite'::regclass and oid = r.objid)
      union all (${calledIn("concat(polqual, ' ', polwithcheck)")} from pg_policy
        where r.classid = 'pg_policy'::regclass and oid = r.objid)
      union all (${calledIn('adbin')} from pg_attrdef where r.classid = 'pg_attrdef'::regclass and oid = r.objid)
      union all (${calledIn('conbin')} from pg_constraint
        where r.classid = 'pg_constraint'::regclass and oid = r.objid)
    ) as next (classid, objid)),
  types as (select objid as oid from reached where classid = 'pg_type'::regclass),
  operators as (
    select o.oid, o.oprcode from named join pg_operator o on o.oprname = name
      join pg_namespace s on s.oid = oprnamespace and s.nspname = coalesce(schema, s.nspname)
      join pg_proc p on p.oid = o.oprcode join pg_language l on l.oid = prolang
      where kind = 'operator' and (o.oid >= ${firstUserOid} or o.oprcode >= ${firstUserOid})
        -- Only a superuser makes base types and functions in C: of one whose type is not used, nothing is run.
        and not (lanname = 'c' and provolatile <> 'v' and exists (select from pg_type t
          where t.oid in (oprleft, oprright) and t.oid >= ${firstUserOid} and typtype = 'b' and typelem = 0
            and t.oid not in (select oid from types)))
    union select o.oid, o.oprcode from reached join pg_operator o on o.oid = objid
      where classid = 'pg_operator'::regclass and o.oid >= ${firstUserOid}),
  casts as (
    select castsource, casttarget from pg_cast
      where oid >= ${firstUserOid} and castmethod <> 'b'
        and (castsource < ${firstUserOid} or castsource in (select oid from types))
        and (casttarget < ${firstUserOid} or casttarget in (select oid from types)))
  select ${labMark} 1 as rank, 'uses ' || quote_ident(nspname) || '.' || quote_ident(p.proname) || '()' as what
    from reached join pg_proc p on p.oid = objid join pg_namespace s on s.oid = pronamespace
    where classid = 'pg_proc'::regclass and p.oid >= ${firstUserOid}
  union select 1, 'uses the operator ' || oid::regoperator || ' with ' || oprcode::regproc || '()' from operators
  union select 1, 'uses the cast from ' || castsource::regtype || ' to ' || casttarget::regtype from casts
  union select 2, 'reads the foreign table ' || objid::regclass from reached join pg_class c on c.oid = objid
    where classid = 'pg_class'::regclass and relkind = 'f'
  union select 3, p.proname from reached join pg_proc p on p.oid = objid
    where classid = 'pg_proc'::regclass and p.oid < ${firstUserOid} and ${unsafeBuiltIn}
  order by 1, 2`;

const rows = z.array(z.object({ rank: z.number(), what: z.string() }));
const mostNamed = 3;

/**
 * Why a statement with these names must not be run by somebody who trusts PostgreSQL's own functions alone: what else
 * may be run with it, what acts, what is read elsewhere. Null when there is nothing of that kind. More may be taken for
 * reached than is: a function of that name in another schema, say.
 */
export async function whyUntrusted(send: Send, named: NamedObjects): Promise<string | null> {
  const kinds = [
    ['relation', named.relations],
    ['function', named.functions],
    ['type', named.types],
    ['operator', named.operators],
  ] as const;
  const names = kinds.flatMap(([kind, objects]) => objects.map((object) => ({ kind, ...object })));
  const found = rows.parse(await send(walk, [JSON.stringify(names)]));
  const ranked = (rank: number): string[] => found.filter((row) => row.rank === rank).map(({ what }) => what);
  const [own, foreign, acting] = [ranked(1), ranked(2), ranked(3)];
  if (own.length > 0) return `it ${listed(own)}, which is not PostgreSQL's own`;
  if (foreign.length > 0) return `it ${listed(foreign)}`;
  return acting.length === 0 ? null : `it calls ${listed(acting)}, which may do more than read (volatile)`;
}

function listed(names: string[]): string {
  const more = names.length - mostNamed;
  return names.slice(0, mostNamed).join(', ') + (more > 0 ? ` and ${more} more` : '');
}

/**
 * Why the lab's role may do so much that it must run no statement of others: it could act outside the database, or
 * write all of it. Null for a plain role that monitors.
 */
export async function whyPowerful(send: Send): Promise<string | null> {
  const [row] = await send(
    `select ${labMark} case when rolsuper then 'is a superuser' else (
        select 'has ' || min(name) from unnest('{pg_execute_server_program,pg_write_server_files,pg_write_all_data}'::text[])
          as name where pg_has_role(current_user, name, 'member')) end as power
      from pg_roles where rolname = current_user`,
  );
  return z.object({ power: z.string().nullable() }).parse(row).power;
}
