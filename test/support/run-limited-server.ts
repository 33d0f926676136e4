import { CountingMcpServer } from './counting-mcp-server.ts';

/**
 * An MCP server with a known capacity, as a process: `node run-limited-server.ts 8 50` serves eight calls at once, each
 * for 50 ms, so 160 a second and no more. Prints its address and pid; ends with SIGTERM. docs/guide/capacity.md uses it.
 */
const [atOnce, serviceMs] = process.argv.slice(2).map(Number);
if (!(Number(atOnce) >= 1 && Number(serviceMs) >= 0)) {
  throw new Error('give how many calls are served at once, and for how many milliseconds each');
}
await using server = await CountingMcpServer.start({
  health: 200,
  concurrency: { atOnce: Number(atOnce), serviceMs: Number(serviceMs) },
});
console.log(JSON.stringify({ event: 'listening', url: server.url, pid: process.pid }));
await new Promise((resolve) => process.once('SIGTERM', resolve));
