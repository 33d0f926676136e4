import { sleep } from '../../../shared/clock.ts';
import { GaugewayError } from '../../../shared/errors.ts';
import { ownListeningSockets } from '../../../shared/listening-ports.ts';
import { readProcStat } from '../../../shared/proc-files.ts';
import { findInspector } from './find-inspector.ts';
import { InspectorClient } from './inspector-client.ts';
import { reachLoopback } from './loopback-reach.ts';
import { injected } from './vitals.ts';

/** The entry of a process that {@link closeWhenBack} starts: waits for an inspector that opens late, and closes it. */
const pollMs = 250;
const [pid = 0, startTicks = 0, patienceMs = 0] = process.argv.slice(2, 5).map(Number);
const known = new Set((process.argv[5] ?? '').split(','));

try {
  const reach = await reachLoopback(pid);
  for (let waitedMs = 0; waitedMs < patienceMs; waitedMs += pollMs) {
    if ((await readProcStat(pid)).startTicks !== startTicks) break;
    const sockets = (await ownListeningSockets(pid)).filter(({ inode }) => !known.has(inode));
    const inspector = await findInspector(sockets, reach);
    if (inspector !== undefined) {
      // For whoever looks for one that waits: the next opening is not closed by this one.
      process.title = 'late-inspector';
      const client = await InspectorClient.connect(inspector.url, reach);
      client.leave(injected.endLateInspector());
      await client.close();
      break;
    }
    await sleep(pollMs);
  }
  await reach.destroy();
} catch (error) {
  // The process has ended meanwhile, and with it what was to be closed.
  if (!(error instanceof GaugewayError)) throw error;
}
