// Runs the stack of the profiling guide until Ctrl-C, and writes its stack file to argv[2].
import { once } from 'node:events';
import { writeFile } from 'node:fs/promises';
import { resolve } from 'node:path';
import { stackFileName } from '../../src/config/stack-file.ts';
import { startContextForgeStack } from './contextforge-stack.ts';

const file = resolve(process.argv[2] ?? stackFileName);
const stopped = Promise.race([once(process, 'SIGINT'), once(process, 'SIGTERM')]);
process.stderr.write('starting, which takes a minute and more\n');
const stack = await startContextForgeStack();
await writeFile(file, stack.stackFile(), { mode: 0o600 });
process.stdout.write(`gateway behind nginx  ${stack.url}
token                 ${stack.token}
PostgreSQL            ${stack.postgresDsn}
PgBouncer             ${stack.pgbouncerDsn}
Redis                 ${stack.redisUrl}
logs                  ${stack.folder}
stack file            ${file}

gaugeway session --stack ${file}
`);
await stopped;
await stack[Symbol.asyncDispose]();
