import { expect, test } from 'vitest';
import { parseInspectorOptions } from './inspector-options.ts';
import { parseListeningSockets } from '../../../shared/listening-ports.ts';

test.each([
  ['', 'node app.js', 9229, false],
  ['', 'node --inspect-port=0 app.js', 0, false],
  ['', 'node --inspect-port 9300 app.js', 9300, false],
  ['', 'node --inspect app.js', 9229, true],
  ['', 'node --inspect=127.0.0.1:9400 app.js', 9400, true],
  ['', 'node --inspect-brk=0 app.js', 0, true],
  ['', 'node --inspect-publish-uid=http app.js', 9229, false],
  ['--inspect-port=1', 'node --inspect-port=2 app.js', 2, false],
  ['--inspect-port=1', 'node app.js --inspect-port=2', 1, false],
  ['', 'node app.js --debug-port 5055', 9229, false],
  ['', 'node app.js --debug --inspect', 9229, false],
  ['', 'node -- --inspect', 9229, false],
  ['', 'node --no-warnings -r ./first.js --import x --inspect-port 1 app.js --inspect', 1, false],
  ['', 'node --max-old-space-size=100 -e code --inspect more --inspect-port=3', 9229, true],
])(
  'with NODE_OPTIONS=%s, %s opens its inspector on port %i',
  (variable, command, port, startedWithInspector) => {
    expect(parseInspectorOptions(variable.split(' '), command.split(' '))).toEqual({
      port,
      startedWithInspector,
    });
  },
);

test('listening sockets are read from /proc/net/tcp and tcp6', () => {
  const header =
    '  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode';
  const table = [
    header,
    row('0100007F:240D', '0A', 11),
    row('00000000:0050', '0A', 12),
    row('0100007F:9999', '01', 13),
    row('00000000000000000000000001000000:240D', '0A', 14),
    row('00000000000000000000000000000000:0016', '0A', 15),
    '',
  ].join('\n');
  expect(parseListeningSockets(table)).toEqual([
    { host: '127.0.0.1', port: 9229, inode: '11', uid: 1000 },
    { host: '127.0.0.1', port: 80, inode: '12', uid: 1000 },
    { host: '[0:0:0:0:0:0:0:1]', port: 9229, inode: '14', uid: 1000 },
    { host: '[::1]', port: 22, inode: '15', uid: 1000 },
  ]);
});

function row(address: string, state: string, inode: number): string {
  return `   0: ${address} 00000000:0000 ${state} 00000000:00000000 00:00000000 00000000  1000        0 ${inode} 1 0 100 0 0 10 0`;
}
