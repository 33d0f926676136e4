import { sql } from 'kysely';
import type { Kysely } from 'kysely';
import type { Migration } from 'kysely/migration';

/**
 * Ids are text, as in ContextForge. Definitions are json and not jsonb: the text of the upstream survives,
 * order of keys and \u0000 included. tool_metrics is indexed for time ranges alone and per tool.
 */
export const catalogAndMetrics: Migration = {
  async up(db: Kysely<unknown>) {
    await sql`
      create table gateways (
        id text primary key,
        name text not null constraint gateways_name_unique unique,
        slug text not null constraint gateways_slug_unique unique,
        url text not null,
        description text,
        transport text not null,
        enabled boolean not null,
        reachable boolean not null,
        last_error text,
        capabilities json not null,
        created_at timestamptz not null,
        updated_at timestamptz not null
      )`.execute(db);
    await sql`
      create table tools (
        id text primary key,
        gateway_id text not null references gateways (id) on delete cascade,
        name text not null constraint tools_name_unique unique,
        original_name text not null,
        definition json not null,
        created_at timestamptz not null,
        updated_at timestamptz not null,
        constraint tools_original_name_unique unique (gateway_id, original_name)
      )`.execute(db);
    await sql`
      create table servers (
        id text primary key,
        name text not null constraint servers_name_unique unique,
        description text,
        created_at timestamptz not null,
        updated_at timestamptz not null
      )`.execute(db);
    await sql`
      create table server_tools (
        server_id text not null references servers (id) on delete cascade,
        tool_id text not null constraint server_tools_tool references tools (id) on delete cascade,
        position integer not null,
        primary key (server_id, tool_id)
      )`.execute(db);
    await sql`create index server_tools_tool_id on server_tools (tool_id)`.execute(db);
    await sql`
      create table tool_metrics (
        id bigint generated always as identity primary key,
        tool_id text not null references tools (id) on delete cascade,
        timestamp timestamptz not null,
        response_time double precision not null,
        is_success boolean not null,
        error_message text
      )`.execute(db);
    await sql`create index tool_metrics_timestamp on tool_metrics (timestamp)`.execute(db);
    await sql`create index tool_metrics_tool_id_timestamp on tool_metrics (tool_id, timestamp)`.execute(db);
    await sql`
      create table tool_metrics_totals (
        tool_id text primary key references tools (id) on delete cascade,
        calls bigint not null,
        failures bigint not null,
        last_call timestamptz,
        latency json not null
      )`.execute(db);
    await sql`
      create table catalog_version (
        id integer primary key check (id = 1),
        version bigint not null
      )`.execute(db);
    await sql`insert into catalog_version (id, version) values (1, 1)`.execute(db);
  },
};
