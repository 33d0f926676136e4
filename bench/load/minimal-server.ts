import { createServer } from 'node:http';

/** The smallest target there is where nginx is not: answers a line to everything, and its own number of requests. */
let requests = 0;
const server = createServer((request, response) => {
  requests += 1;
  response.end(request.url === '/status' ? String(requests) : 'ok\n');
});
server.listen(0, '127.0.0.1', () => {
  const address = server.address();
  const port = typeof address === 'object' && address !== null ? address.port : 0;
  console.log(JSON.stringify({ event: 'listening', url: `http://127.0.0.1:${port}`, pid: process.pid }));
});
process.stdin.resume().on('end', () => process.exit());
