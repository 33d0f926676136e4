// Runs an embedded stack on the folder argv[2] until it is killed. The ready line's `url` lists the stack's pids.
import { createLogger } from '../../src/shared/logger.ts';
import { startEmbeddedStack } from '../../src/stack/embedded-stack.ts';

const [, , dataFolder = ''] = process.argv;
const stack = await startEmbeddedStack({ dataFolder, logger: createLogger('warn') });
const pids = stack.description.processes.map(({ pid }) => pid);
process.stdout.write(`${JSON.stringify({ event: 'listening', url: pids.join(','), pid: process.pid })}\n`);
