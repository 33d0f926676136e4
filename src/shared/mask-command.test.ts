import { expect, test } from 'vitest';
import { maskCommand } from './mask-command.ts';

test.each([
  [['node', 'idle.js', '--password', 'hunter'], 'node idle.js --password ***'],
  [['node', 'idle.js', '--db-password', '-hunter two'], 'node idle.js --db-password ***'],
  [['app', '-password', 'hunter', '--port', '80'], 'app -password *** --port 80'],
  [['app', '--password=hunter two', 'x'], 'app --password=*** x'],
  [['java', '-Dapp.password=hunter', 'x'], 'java -Dapp.password=*** x'],
  [['env', 'PGPASSWORD=hunter two', 'psql'], 'env PGPASSWORD=*** psql'],
  [['app', 'postgres://app:hunter@db/x'], 'app postgres://app:***@db/x'],
  [['redis-server', '--requirepass', 'foobar'], 'redis-server --requirepass ***'],
  [['env', 'DB_PASS=foo'], 'env DB_PASS=***'],
  [['curl', '-u', 'me:pw', '--user=you:pw'], 'curl -u me:*** --user=you:***'],
  [['/usr/bin/mysql', '-psecret'], '/usr/bin/mysql -p***'],
  [['npm run start --token hunter'], 'npm run start --token ***'],
])('%j shows no secret', (words, shown) => {
  expect(maskCommand(words)).toBe(shown);
});

test.each([
  [['app', '--max-tokens', '5', '--user', 'app', 'password', 'reset']],
  [['ssh', '-p22', '-u', 'app']],
  [['nginx: worker process']],
])('%j is shown as it is', (words) => {
  expect(maskCommand(words)).toBe(words.join(' '));
});

test('control characters are gone', () => {
  expect(maskCommand(['app', 'a\u001B[2Jb\nc'])).toBe('app a [2Jb c');
});
