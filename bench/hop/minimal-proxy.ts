import { createServer } from 'node:http';
import { Pool } from 'undici';

/** The smallest reverse proxy that is correct enough to compare with: node:http in, undici out, nothing looked at. */
const target = new URL(process.argv[2] ?? '');
const pool = new Pool(target.origin, { connections: 64 });

const server = createServer((req, res) => {
  const { host: _host, connection: _connection, ...headers } = req.headers;
  pool
    .request({ path: req.url ?? '/', method: 'POST', headers, body: req })
    .then(({ statusCode, headers: answered, body }) => {
      const { connection: _hop, 'keep-alive': _alive, ...kept } = answered;
      res.writeHead(statusCode, kept);
      body.pipe(res);
    })
    .catch((error: unknown) => {
      res.writeHead(502).end(String(error));
    });
});
server.listen(0, '127.0.0.1', () => {
  const address = server.address();
  const port = typeof address === 'object' && address !== null ? address.port : 0;
  console.log(JSON.stringify({ event: 'listening', url: `http://127.0.0.1:${port}`, pid: process.pid }));
});
process.stdin.resume().on('end', () => process.exit());
