// Runs an embedded PostgreSQL on the folder argv[2] until stdin ends, as the user with uid argv[3] when given
// (we are root then). The ready line's `url` is the DSN, its `pid` this process's own.
import { once } from 'node:events';

const [, , dataFolder = '', uid] = process.argv;
if (uid !== undefined && process.setgroups && process.setgid && process.setuid) {
  process.setgroups([]);
  process.setgid(Number(uid));
  process.setuid(Number(uid));
}
const { startEmbeddedPostgres } = await import('../../src/stack/embedded-postgres.ts');
const { messageOf } = await import('../../src/shared/errors.ts');
try {
  const postgres = await startEmbeddedPostgres({ dataFolder });
  // Before the ready line: who reads that may send the signal at once.
  const ended = Promise.race([once(process.stdin.resume(), 'end'), once(process, 'SIGTERM')]);
  process.stdout.write(`${JSON.stringify({ event: 'listening', url: postgres.dsn, pid: process.pid })}\n`);
  await ended;
  await postgres.stop();
  process.exit();
} catch (error) {
  process.stderr.write(`${messageOf(error)}\n`);
  process.exit(1);
}
