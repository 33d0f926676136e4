import { expect, describe, test } from 'vitest';
import { profileWindow, type SampledStack } from '../../../test/support/synthetic-profile.ts';
import { frameClassTable } from './frame-class-table.ts';
import { knownFor, nodeClasses, type FrameClass } from './frame-class.ts';
import { frameKind, packageOf } from './frame-kind.ts';

const site = '/opt/venv/lib/python3.11/site-packages';
const python = '/usr/lib/python3.11';
const dynload = `${python}/lib-dynload`;
const abi = 'cpython-311-x86_64-linux-gnu.so';
const libraries = '/usr/lib/x86_64-linux-gnu';
const modules = '/app/node_modules';

/** As V8 20 and 26, py-spy and perf named the frames of programs that do each kind of work. */
const seen: Record<FrameClass, [name: string, file: string][]> = {
  json: [
    ['JSON.stringify', ''],
    ['v8::internal::FastJsonStringifier<unsigned char>::SerializeObject', '/usr/bin/node'],
    ['v8::internal::JsonParser<unsigned char>::ScanJsonString', '/usr/bin/node'],
    ['parseJSONFromBytes', 'node:internal/deps/undici/undici'],
    ['JSONEncoder.iterencode', `${python}/json/encoder.py`],
    ['loads', `${python}/json/__init__.py`],
    ['raw_decode', 'json/decoder.py'],
    ['0x7fbd2fb5613c', `${dynload}/_json.${abi}`],
    ['0x7fbd2f8dee92', `${site}/orjson/orjson.${abi}`],
  ],
  validation: [
    ['BaseModel.model_validate', `${site}/pydantic/main.py`],
    ['0x7fbd2e95d9ec', `${site}/pydantic_core/_pydantic_core.${abi}`],
    ['safeParse', `${modules}/zod/v4/core/parse.js`],
  ],
  crypto: [
    ['update', 'node:internal/crypto/hash'],
    ['signOneShot', 'node:internal/crypto/sig'],
    ['createHash', 'node:crypto'],
    ['onread', 'node:_tls_wrap'],
    ['SSLContext.load_default_certs', `${python}/ssl.py`],
    ['HMAC._init_hmac', `${python}/hmac.py`],
    ['0x7fbd2f929da0', `${dynload}/_hashlib.${abi}`],
    ['SHA256_Update', `${libraries}/libcrypto.so.3`],
    ['HMACAlgorithm.sign', `${site}/jwt/algorithms.py`],
    ['flattenedVerify', `${modules}/jose/dist/webapi/jws/flattened/verify.js`],
    ['sha256_block_data_order_shaext', '/usr/bin/node'],
    ['node::crypto::Hash::HashUpdate', '/usr/bin/node'],
  ],
  http: [
    ['parserOnHeadersComplete', 'node:_http_common'],
    ['parserOnIncoming', 'node:_http_server'],
    ['writevGeneric', 'node:internal/stream_base_commons'],
    ['Socket._writeGeneric', 'node:net'],
    ['Writable.write', 'node:internal/streams/writable'],
    ['resumeH1', 'node:internal/deps/undici/undici'],
    ['wasm-function[20]', 'wasm://wasm/00034eea'],
    ['llhttp__internal_execute', '/usr/bin/node'],
    ['dispatch', `${modules}/undici/lib/dispatcher/client.js`],
    ['RequestResponseCycle.send', `${site}/uvicorn/protocols/http/httptools_impl.py`],
    ['APIRouter.matches', `${site}/fastapi/routing.py`],
    ['UVStream__try_write', '/project/uvloop/loop.c'],
    ['HTTPConnection.request', `${python}/http/client.py`],
  ],
  template: [
    ['Environment.getattr', `${site}/jinja2/environment.py`],
    ['Markup.upper', `${site}/markupsafe/__init__.py`],
    ['root', '<template>'],
    ['root', `/app/mcpgateway/templates/admin.html`],
  ],
  database: [
    ['CursorFetchStrategy.fetchall', `${site}/sqlalchemy/engine/cursor.py`],
    ['__pyx_tp_dealloc_BaseRow', '/project/lib/sqlalchemy/engine/_row_cy.c'],
    ['0x7fbd2e53b5f9', `${dynload}/_sqlite3.${abi}`],
    ['sqlite3VdbeHalt', `${libraries}/libsqlite3.so.0.8.6`],
    ['PQexecParams', `${site}/psycopg_binary.libs/libpq-1a2b3c4d.so.5.17`],
    ['Connection.execute', `${site}/psycopg/connection.py`],
    ['parseRow', `${modules}/pg/lib/result.js`],
    ['parsePacket', `${modules}/pg-protocol/dist/parser.js`],
    ['all', 'node:sqlite'],
  ],
  gc: [
    ['(garbage collector)', ''],
    ['v8::internal::ScavengerCollector::CollectGarbage', '/usr/bin/node'],
    ['v8::internal::MarkCompactCollector::MarkLiveObjects', '/usr/bin/node'],
    ['gc_collect_main', '/usr/bin/python3.11'],
  ],
  regexp: [
    ['RegExp: "name":"(tool-\\d+)"', ''],
    ['Builtins_RegExpSplit', '/usr/bin/node'],
    ['v8::internal::RegExpImpl::AtomExecRaw', '/usr/bin/node'],
    ['findall', `${python}/re/__init__.py`],
    ['_parse', `${python}/re/_parser.py`],
    ['Pattern.sub', `${site}/regex/regex.py`],
  ],
  logging: [
    ['LogRecord.__init__', `${python}/logging/__init__.py`],
    ['value', 'node:internal/console/constructor'],
    ['consoleCall', ''],
    ['asJson', `${modules}/pino/lib/tools.js`],
  ],
  idle: [
    ['(idle)', ''],
    ['(program)', ''],
    ['EpollSelector.select', `${python}/selectors.py`],
    ['Condition.wait', `${python}/threading.py`],
    ['Queue.get', `${python}/queue.py`],
    ['_worker', `${python}/concurrent/futures/thread.py`],
    ['socket.accept', `${python}/socket.py`],
    ['Popen._try_wait', `${python}/subprocess.py`],
    ['wait', `${python}/multiprocessing/connection.py`],
    ['PyThread_acquire_lock_timed', '/usr/bin/python3.11'],
    ['pthread_cond_timedwait', `${libraries}/libc.so.6`],
    ['epoll_pwait', `${libraries}/libc.so.6`],
    ['uv__io_poll', '/project/build/libuv-x86_64/src/unix/linux.c'],
  ],
  compression: [
    ['processChunkSync', 'node:zlib'],
    ['compress', `${python}/gzip.py`],
    ['0x7fbd2fb5613c', `${dynload}/_bz2.${abi}`],
    ['GZipResponder.oneshot', `${site}/starlette_compress/_gzip.py`],
    ['GZipResponder.send_with_compression', `${site}/starlette/middleware/gzip.py`],
    ['onEnd', `${modules}/@fastify/compress/index.js`],
    ['0x7f6bcc178a08', `${libraries}/libz.so.1.2.13`],
    ['deflate_fast', '/usr/bin/node'],
    ['BrotliEncoderCompressStream', '/usr/bin/node'],
  ],
  other: [],
};

/** Frames that look like one of the above. */
const unknown: [name: string, file: string][] = [
  ['parse', ''],
  ['parse', '/app/src/json/read.ts'],
  ['wait', '/app/src/wait.ts'],
  ['deflate', '/app/src/balloon.ts'],
  ['select', '/app/pool.py'],
  ['processTicksAndRejections', 'node:internal/process/task_queues'],
  ['TaskHandle._run_coro', `${site}/anyio/_core/_tasks.py`],
  ['root', '/app/src/template.ts'],
];

const cases = Object.entries(seen).flatMap(([name, frames]) =>
  frames.map(([frame, file]) => ({ class: name, name: frame, file })),
);

describe('a frame is known for', () => {
  test.each(cases)('$class: $name ($file)', (frame) => {
    expect(knownFor(frame)?.class).toBe(frame.class);
  });

  test('nothing that it only looks like', () => {
    expect(unknown.map(([name, file]) => knownFor({ name, file }))).toEqual(unknown.map(() => undefined));
  });

  test('what at least one frame that was seen shows, row by row', () => {
    const shown = new Set(
      cases.map((frame) =>
        frameClassTable.find(
          ({ file, name }) => (file?.test(frame.file) ?? true) && (name?.test(frame.name) ?? true),
        ),
      ),
    );
    expect(frameClassTable.filter((row) => !shown.has(row))).toEqual([]);
  });
});

const classesOf = (...stack: SampledStack['stack']): FrameClass[] =>
  nodeClasses(profileWindow([{ stack, ms: 1 }]).profile).slice(1);
const kindOf = (file: string): string => frameKind({ name: 'f', file });
const packageIn = (file: string): string | undefined => packageOf({ name: 'f', file });

describe('time belongs to', () => {
  test('the nearest caller that is known for its work: a helper below JSON is JSON', () => {
    expect(
      classesOf(
        'answer /app/a.py',
        `dumps ${python}/json/__init__.py`,
        `isinstance ${python}/typing.py`,
        'memcpy',
      ),
    ).toEqual(['other', 'json', 'json', 'json']);
  });

  test('the driver that a socket serves', () => {
    const write = ['write node:net', 'writev'];
    expect(classesOf(`query ${modules}/pg/lib/client.js`, ...write)).toEqual([
      'database',
      'database',
      'database',
    ]);
    expect(classesOf('reply /app/a.ts', ...write)).toEqual(['other', 'http', 'http']);
  });

  test('own code, which is not what calls it back', () => {
    expect(
      classesOf('parserOnIncoming node:_http_server', 'emit node:events', 'handle /app/a.ts', 'slice'),
    ).toEqual(['http', 'http', 'other', 'other']);
  });

  test('a dependency that an HTTP server calls back', () => {
    expect(classesOf(`run ${site}/uvicorn/server.py`, `call ${site}/mcp/server.py`)).toEqual([
      'http',
      'other',
    ]);
  });

  test('what a worker thread runs, and not to its waiting', () => {
    const worker = `_worker ${python}/concurrent/futures/thread.py`;
    expect(classesOf(worker, `run ${python}/asyncio/runners.py`)).toEqual(['idle', 'other']);
    expect(classesOf(worker, `0x7f6b ${libraries}/libc.so.6`)).toEqual(['idle', 'idle']);
  });
});

test('tells whose code native frames and installed gateways are, and the package of the rest', () => {
  expect(kindOf('/project/uvloop/loop.c')).toBe('runtime');
  expect(kindOf('/usr/bin/python3.11')).toBe('runtime');
  expect(kindOf('wasm://wasm/00034eea')).toBe('runtime');
  for (const text of ['[eval]', '[worker eval]', '[stdin]']) expect(kindOf(text)).toBe('own');
  for (const kernel of ['[kernel.kallsyms]', '[vdso]']) expect(kindOf(kernel)).toBe('runtime');
  for (const library of [
    'json/decoder.py',
    'asyncio/runners.py',
    '/usr/local/go/src/encoding/json/decode.go',
  ])
    expect(kindOf(library)).toBe('runtime');
  for (const mine of ['app/json/decoder.py', 'main.py', '/home/me/go/src/example.com/me/json/main.go'])
    expect(kindOf(mine)).toBe('own');
  expect(kindOf(`${site}/mcpgateway/main.py`)).toBe('own');
  expect(packageIn(`${site}/sqlalchemy/orm/loading.py`)).toBe('sqlalchemy');
  expect(packageIn(`${site}/typing_extensions.py`)).toBe('typing_extensions');
  expect(packageIn(`${site}/_brotli.${abi}`)).toBe('_brotli');
  expect(packageIn(`${modules}/@fastify/swagger/index.js`)).toBe('@fastify/swagger');
  expect(packageIn('/app/src/a.ts')).toBeUndefined();
});
