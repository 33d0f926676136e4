import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { networkInterfaces } from 'node:os';
import { expect, test } from 'vitest';
import { accessPostgres } from '../../src/stack/discover/find-postgres.ts';
import { accessRedis } from '../../src/stack/discover/find-redis.ts';
import { withoutPassword } from '../../src/stack/discover/found.ts';
import { isOnThisMachine, portOf } from '../../src/stack/discover/secret-reach.ts';

/** Asks for every password in clear, as a PostgreSQL may, and prints all that it is sent. */
const recorder = `
  const server = require('node:net').createServer((socket) => {
    socket.on('error', () => {});
    socket.on('data', (chunk) => {
      console.log('heard ' + JSON.stringify(chunk.toString('latin1')));
      if (chunk[0] === 0) socket.write(Buffer.from([0x52, 0, 0, 0, 8, 0, 0, 0, 3]));
      else socket.destroy();
    });
  });
  server.listen(0, '127.0.0.1', () => console.log(server.address().port));`;

/** Runs it as a user; `heard` ends it and tells what came. */
async function startRecorder(uid: number): Promise<{ port: number; heard: () => Promise<string> }> {
  const child = spawn(process.execPath, ['-e', recorder], {
    uid,
    cwd: '/',
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const lines: string[] = [];
  const reader = createInterface(child.stdout).on('line', (line) => lines.push(line));
  await once(reader, 'line');
  return {
    port: Number(lines[0]),
    async heard() {
      const closed = once(reader, 'close');
      child.kill();
      await closed;
      return lines.slice(1).join('\n');
    },
  };
}

const ownUid = process.getuid?.() ?? -1;
const stranger = 65_534;
const postgresAt = (port: number) => ({ pid: 1, parentPid: 0, port, socketFolders: [], visible: true });

test.skipIf(ownUid !== 0)(
  'a server of another user is sent neither a password nor PGPASSWORD (root)',
  async () => {
    const { port, heard } = await startRecorder(stranger);
    const given = withoutPassword(`postgresql://u:geheim@127.0.0.1:${port}/x`, 'PG', 'X', ownUid);
    const cache = withoutPassword(`redis://:geheim@127.0.0.1:${port}/0`, 'R', 'X', ownUid);
    process.env['PGPASSWORD'] = 'geheim';
    try {
      const access = await accessPostgres(postgresAt(port), [], given === undefined ? [] : [given]);
      expect(access.unreached?.why).toContain(`user id ${stranger} listens there`);
      const redis = await accessRedis(
        { pid: 1, port, host: '127.0.0.1', visible: true },
        cache === undefined ? [] : [cache],
      );
      expect(redis.unreached?.why).toContain(`user id ${stranger} listens there`);
    } finally {
      delete process.env['PGPASSWORD'];
      const sent = await heard();
      expect(sent).toContain('user');
      expect(sent).not.toContain('geheim');
    }
  },
);

test('a server of the same user is sent it', async () => {
  const { port, heard } = await startRecorder(ownUid);
  const given = withoutPassword(`postgresql://u:geheim@127.0.0.1:${port}/x`, 'PG', 'X', ownUid);
  await accessPostgres(postgresAt(port), [], given === undefined ? [] : [given]);
  expect(await heard()).toContain('geheim');
});

test.each([
  ['postgresql://u@127.0.0.2:1/x', true],
  ['postgresql://u@localhost/x?host=/run/postgresql', true],
  ['postgresql://u@localhost/x?host=127.0.0.1&host=192.0.2.1', false],
  ['postgresql://u@localhost/x?hostaddr=192.0.2.1', false],
  ['redis://192.0.2.1:6379', false],
  ['redis://cache.example:6379', false],
])('%s is on this machine: %s', (url, here) => {
  expect(isOnThisMachine(url)).toBe(here);
});

test('an address of its own is this machine, and the port of the query counts', () => {
  const all = Object.values(networkInterfaces()).flatMap((each) => each ?? []);
  const ipv4 = all.filter(({ family }) => family === 'IPv4');
  expect(ipv4.every(({ address }) => isOnThisMachine(`redis://${address}:6379`))).toBe(true);
  expect(portOf('postgresql://u@a:1/x?port=2', 5432)).toBe(2);
});

test('a database on another machine is not asked, whatever its port is', async () => {
  const { port, heard } = await startRecorder(ownUid);
  const given = withoutPassword(`postgresql://u:geheim@192.0.2.1:${port}/x`, 'PG', 'X', ownUid);
  const access = await accessPostgres(postgresAt(port), [], given === undefined ? [] : [given]);
  expect(access.unreached?.why).toContain('it is on another machine: name it yourself');
  expect(await heard()).not.toContain('geheim');
});
