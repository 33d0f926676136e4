import { setImmediate as nextTurn } from 'node:timers/promises';
import { CountingMcpServer } from './counting-mcp-server.ts';

/**
 * An MCP server as a process of its own, whose calls each use so many milliseconds of its only thread's CPU, one after
 * the other: `node run-cpu-bound-server.ts 50`. However fast the machine is, it serves 1000 / 50 a second and no more.
 */
const cpuMs = Number(process.argv[2]);
let turn: Promise<void> = Promise.resolve();

/** By the CPU that it used and not by the clock, so that a busy machine makes it slower but not less busy. */
function useCpu(): void {
  const start = process.threadCpuUsage();
  let used = start;
  while (used.user + used.system - start.user - start.system < cpuMs * 1000) {
    for (let step = 0; step < 10_000; step += 1) Math.sqrt(step);
    used = process.threadCpuUsage();
  }
}

await using server = await CountingMcpServer.start({
  health: 200,
  onCall: (_tool, _call, response, id) => {
    // Each in a turn of its own, as calls that arrive together would else block the event loop for all of their time.
    turn = turn
      .then(() => nextTurn())
      .then(() => {
        useCpu();
        const result = { content: [{ type: 'text', text: 'ok' }] };
        response
          .setHeader('content-type', 'application/json')
          .end(JSON.stringify({ jsonrpc: '2.0', id, result }));
      });
    return true;
  },
});
console.log(JSON.stringify({ event: 'listening', url: server.url, pid: process.pid }));
await new Promise((resolve) => {
  process.once('SIGTERM', resolve);
  process.stdin.resume().once('end', resolve);
});
