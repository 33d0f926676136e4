import type { FrameClass } from './frame-class.ts';

/** A row classes the frames that both of its patterns match; a pattern that is left out matches all. */
export interface FrameClassRow {
  class: FrameClass;
  /** Of the path, URL or library. */
  file?: RegExp;
  /** Of the function. */
  name?: RegExp;
}

/** What frames of Node, Python and native code are known for. The first row that matches decides. */
export const frameClassTable: readonly FrameClassRow[] = [
  { class: 'json', file: /^$/, name: /^(?:parse|stringify)$/ },
  { class: 'json', file: /[/\\]json[/\\](?:encoder|decoder|scanner|__init__)\.py$/ },
  { class: 'json', file: /[/\\](?:orjson|fast-json-stringify|secure-json-parse)[/\\]/ },
  { class: 'validation', file: /[/\\](?:pydantic|pydantic_core|jsonschema|zod|ajv|valibot)[/\\]/ },
  { class: 'crypto', file: /^node:(?:internal\/)?(?:crypto|tls)|^node:_tls/ },
  {
    class: 'crypto',
    file: /[/\\](?:jose|jsonwebtoken|jwt|cryptography|argon2)[/\\]|[/\\](?:ssl|hashlib|hmac)\.py$/,
  },
  { class: 'crypto', file: /[/\\]lib(?:crypto|ssl)\.so/ },
  { class: 'template', file: /[/\\](?:jinja2|mako|handlebars|ejs|pug|nunjucks)[/\\]/ },
  {
    class: 'database',
    file: /[/\\](?:pg|pg-protocol|pg-pool|kysely|sqlalchemy|psycopg2?|asyncpg|ioredis|redis)[/\\]/,
  },
  { class: 'regexp', name: /^RegExp[:.]/ },
  { class: 'regexp', file: /[/\\](?:re|sre_compile|sre_parse)\.py$|[/\\]lib\/python[\d.]+\/re\// },
  {
    class: 'logging',
    file: /[/\\](?:pino|winston|sonic-boom|structlog|loguru|logging)[/\\]|^node:internal\/console\//,
  },
  { class: 'http', file: /^node:(?:_http_|http|https|net|internal\/http|internal\/streams|stream|_stream)/ },
  {
    class: 'http',
    file: /[/\\](?:undici|fastify|find-my-way|express|koa|hono|starlette|fastapi|uvicorn|httptools|h11|httpx|httpcore|aiohttp|gunicorn)[/\\]/,
  },
];
