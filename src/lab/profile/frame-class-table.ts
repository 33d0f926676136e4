import type { FrameClass } from './frame-class.ts';
import { nativeFiles } from './frame-kind.ts';

/** A row classes the frames that both of its patterns match; a pattern that is left out matches all. */
export interface FrameClassRow {
  class: FrameClass;
  /** Of the path, URL or library. */
  file?: RegExp;
  /** Of the function. */
  name?: RegExp;
  /** Serves others: it has this class only where no caller has one, and else its caller's. */
  serves?: true;
}

/** Files of these npm or pip packages, wherever they are installed; a module of one file too. */
function packages(...names: string[]): RegExp {
  return new RegExp(
    `[/\\\\](?:node_modules|site-packages|dist-packages)[/\\\\](?:${names.join('|')})(?:[/\\\\]|\\.)`,
  );
}

/**
 * Modules of Python's standard library: a file, a package (also by its path from there, as py-spy shortens it), or their
 * native part in `lib-dynload`.
 */
function standard(...names: string[]): RegExp {
  const any = `(?:${names.join('|')})`;
  return new RegExp(
    `[/\\\\]lib(?:64)?[/\\\\]python\\d[\\d.]*[/\\\\](?:${any}(?:\\.py$|[/\\\\])|lib-dynload[/\\\\]${any}\\.)|^<frozen ${any}(?:\\.|>)|^${any}[/\\\\].*\\.py$`,
  );
}

/** Shared libraries of the system, or the copies that wheels bring (`libpq-1a2b3c.so.5.17`). */
function library(...names: string[]): RegExp {
  return new RegExp(`[/\\\\](?:${names.join('|')})[-.\\w]*\\.so(?:\\.[\\d.]+)?$`);
}

/**
 * What frames of Node, Python and native code are known for. The first row that matches decides. Names and paths are
 * as V8's sampler, py-spy and perf write them.
 */
export const frameClassTable: readonly FrameClassRow[] = [
  // Waiting. py-spy leaves it out unless asked, and shows it with --native; where a thread waits in C, the Python
  // function that called it is the last that is seen.
  { class: 'idle', file: standard('selectors'), name: /(?:^|\.)select$/ },
  { class: 'idle', file: standard('threading'), name: /(?:^|\.)(?:wait|_wait_for_tstate_lock)$/ },
  { class: 'idle', file: standard('queue'), name: /(?:^|\.)get$/ },
  { class: 'idle', file: standard('concurrent'), name: /^_worker$/ },
  { class: 'idle', file: standard('socket'), name: /(?:^|\.)accept$/ },
  { class: 'idle', file: standard('subprocess'), name: /(?:^|\.)_try_wait$/ },
  { class: 'idle', file: standard('multiprocessing'), name: /(?:^|\.)(?:wait|poll|_poll)$/ },
  {
    class: 'idle',
    file: nativeFiles,
    name: /^(?:PyThread_acquire_lock_timed|pthread_cond_(?:timed|clock)?wait|sem_(?:timed|clock)?wait|do_futex_wait.*|futex_wait.*|epoll_p?wait2?|(?:__)?p?poll|p?select|accept4?|wait4|waitpid|(?:clock_)?nanosleep|do_epoll_wait|ep_poll|do_sys_poll|schedule_(?:hr)?timeout\w*|uv__io_poll)(?:@.*)?$/,
  },

  // Native code of V8 itself, as perf sees it.
  {
    class: 'gc',
    name: /^v8::internal::(?:Heap::(?:CollectGarbage|PerformGarbageCollection|Scavenge)|Scaveng|MarkCompact|Mark(?:ing|ing\w*)|ConcurrentMarking|Sweeper|MinorMark|Evacuator|YoungGeneration|MainMarkingVisitor|GCTracer)/,
  },
  {
    class: 'gc',
    name: /^(?:_?PyGC_|gc_collect|collect_generations|deduce_unreachable|visit_decref$|visit_reachable$)/,
  },
  {
    class: 'json',
    name: /^(?:v8::internal::(?:Fast)?Json|Builtins?_Json(?:Parse|Stringify)|v8::internal::\w+<v8::internal::JsonParser)/,
  },
  {
    class: 'regexp',
    name: /^(?:v8::internal::(?:RegExp|Regexp|Irregexp|\(anonymous namespace\)::RawMatch)|Builtins?_RegExp)/,
  },
  { class: 'http', name: /^(?:llhttp_|node::\(anonymous namespace\)::Parser::|http_parser_)/ },
  { class: 'crypto', name: /^node::(?:crypto::|TLSWrap)/ },
  {
    class: 'crypto',
    name: /^(?:sha(?:1|256|512)_block|ossl_|aesni_|OPENSSL_|EVP_|SSL_|RSA_|BN_|bn_|ecp_nistz)/,
  },

  // V8's sampler counts what these two do for the function that calls them; from its lines they get frames.
  { class: 'json', file: /^$/, name: /^JSON\.(?:parse|stringify)$/ },
  { class: 'regexp', file: /^$/, name: /^RegExp: / },
  { class: 'json', name: /^parseJSONFromBytes$/ },
  { class: 'json', file: standard('json', '_json') },
  {
    class: 'json',
    file: packages(
      'orjson',
      'ujson',
      'simplejson',
      'rapidjson',
      'msgspec',
      'fast-json-stringify',
      'secure-json-parse',
      'json-stringify-safe',
      'safe-stable-stringify',
      'fast-safe-stringify',
    ),
  },

  {
    class: 'validation',
    file: packages(
      'pydantic',
      'pydantic_core',
      'pydantic_settings',
      'jsonschema',
      'jsonschema_specifications',
      'referencing',
      'fastjsonschema',
      'marshmallow',
      'cerberus',
      'zod',
      'zod-to-json-schema',
      'ajv',
      'ajv-formats',
      '@fastify[/\\\\]ajv-compiler',
      'valibot',
      'joi',
      'yup',
      'typebox',
      '@sinclair[/\\\\]typebox',
    ),
  },

  {
    class: 'crypto',
    file: /^node:(?:internal\/)?(?:crypto|tls)|^node:_tls|^node:internal\/(?:streams\/)?(?:tls|_tls)/,
  },
  {
    class: 'crypto',
    file: standard('ssl', '_ssl', 'hashlib', '_hashlib', 'hmac', 'secrets', '_sha\\d+', '_blake2', '_md5'),
  },
  { class: 'crypto', file: library('libcrypto', 'libssl', 'libgnutls', 'libsodium') },
  {
    class: 'crypto',
    file: packages(
      'jose',
      'jsonwebtoken',
      'jws',
      'jwa',
      'jwt',
      'authlib',
      'cryptography',
      'nacl',
      'passlib',
      'argon2',
      '_argon2_cffi_bindings',
      'bcrypt',
      'OpenSSL',
    ),
  },

  {
    class: 'template',
    file: packages(
      'jinja2',
      'markupsafe',
      'mako',
      'chameleon',
      'handlebars',
      'ejs',
      'pug',
      'pug-runtime',
      'nunjucks',
      'mustache',
      'eta',
      'liquidjs',
      'react-dom',
    ),
  },
  // Compiled templates have the template's own name.
  { class: 'template', file: /^<template>$|\.(?:html?|jinja2?|j2|mako|hbs|ejs|njk)$/ },

  {
    class: 'database',
    file: packages(
      'pg',
      'pg-protocol',
      'pg-pool',
      'pg-types',
      'pg-cursor',
      'postgres',
      'postgres-\\w+',
      'kysely',
      'knex',
      'typeorm',
      'sequelize',
      '@prisma',
      'drizzle-orm',
      'mysql2?',
      'mongodb',
      'better-sqlite3',
      'ioredis',
      '@ioredis',
      'redis',
      '@redis',
      'redis-parser',
      'sqlalchemy',
      'alembic',
      'psycopg',
      'psycopg2',
      'psycopg_binary',
      'psycopg_pool',
      'psycopg_c',
      'asyncpg',
      'aiosqlite',
      'pymongo',
      'hiredis',
      'pymysql',
      'aiomysql',
    ),
  },
  // The C sources of its compiled parts, as their debug symbols name them.
  { class: 'database', file: /[/\\](?:sqlalchemy|asyncpg|psycopg\w*)[/\\].*\.(?:c|pyx)$/ },
  { class: 'database', file: standard('sqlite3', '_sqlite3') },
  { class: 'database', file: /^node:(?:internal\/)?sqlite/ },
  { class: 'database', file: library('libpq', 'libsqlite3', 'libmariadb', 'libmysqlclient', 'libhiredis') },

  { class: 'regexp', file: standard('re', '_sre', 'sre_compile', 'sre_parse', 'sre_constants') },
  { class: 'regexp', file: packages('regex', 're2', 'RE2') },

  { class: 'logging', file: standard('logging') },
  { class: 'logging', file: /^node:internal\/console\// },
  { class: 'logging', file: /^$/, name: /^consoleCall$/ },
  {
    class: 'logging',
    file: packages(
      'pino',
      'pino-\\w+',
      'sonic-boom',
      'thread-stream',
      'winston',
      'winston-\\w+',
      'bunyan',
      'log4js',
      'loglevel',
      'debug',
      'structlog',
      'loguru',
      'pythonjsonlogger',
    ),
  },

  // Compression is done for HTTP, but what it costs is its own.
  { class: 'compression', file: /^node:(?:internal\/)?zlib/ },
  {
    class: 'compression',
    file: standard('gzip', 'zlib', '_?bz2', '_?lzma', '_?zstd', '_compression', 'compression'),
  },
  { class: 'compression', file: /[/\\]starlette[/\\]middleware[/\\]gzip\.py$/ },
  {
    class: 'compression',
    file: packages(
      'compression',
      '@fastify[/\\\\]compress',
      'koa-compress',
      'pako',
      'fflate',
      'lz4',
      'snappy',
      'starlette_compress',
      'brotli',
      '_brotli',
      'brotlicffi',
      'brotli_asgi',
      'zstandard',
      'pyzstd',
      'isal',
      'zlib_ng',
    ),
  },
  {
    class: 'compression',
    file: library('libz', 'libzstd', 'libbrotli\\w*', 'libbz2', 'liblzma', 'liblz4', 'libsnappy'),
  },
  {
    class: 'compression',
    file: nativeFiles,
    name: /^(?:Cr_z_)?(?:deflate|inflate|longest_match|fill_window|compress_block|adler32|crc32)(?:_\w+)?(?:@.*)?$|^(?:Brotli|ZSTD_|HUF_|FSE_)\w+/,
  },

  // Streams and sockets carry queries and log lines too; what is left in a gateway is HTTP.
  {
    class: 'http',
    file: /^node:(?:net$|internal\/(?:net|stream_base_commons)$|_?stream|internal\/(?:web)?streams?)/,
    serves: true,
  },
  { class: 'http', file: /^node:(?:_http_|https?$|http2$|internal\/http|internal\/deps\/undici)/ },
  { class: 'http', file: /^wasm:/, name: /^wasm-(?:function|to-js)|^js-to-wasm/ },
  {
    class: 'http',
    file: packages(
      'undici',
      'fastify',
      '@fastify',
      'find-my-way',
      'light-my-request',
      'avvio',
      'express',
      'router',
      'body-parser',
      'raw-body',
      'send',
      'finalhandler',
      'koa',
      'koa-\\w+',
      'hono',
      '@hono',
      'axios',
      'follow-redirects',
      'ws',
      'starlette',
      'fastapi',
      'uvicorn',
      'uvloop',
      'hypercorn',
      'granian',
      'httptools',
      'h11',
      'h2',
      'httpx',
      'httpx_sse',
      'httpcore',
      'aiohttp',
      'gunicorn',
      'requests',
      'urllib3',
      'flask',
      'werkzeug',
      'django',
      'sse_starlette',
      'websockets',
      'multipart',
      'python_multipart',
      'tornado',
    ),
  },
  { class: 'http', file: standard('http', 'urllib', 'socketserver', 'wsgiref') },
  { class: 'http', file: /[/\\](?:uvloop|httptools|libuv\S*)[/\\].*\.(?:c|pyx)$/ },
];
