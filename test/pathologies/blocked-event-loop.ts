const everyMs = 500;
const blockedUs = 150_000;
/** Where other programs use the machine, so much CPU time takes longer; the gateway must still get its turns. */
const longestMs = 300;

/** Computes for 150 ms of CPU time without giving the event loop a turn. */
function recomputeSynchronously(): number {
  const endMs = performance.now() + longestMs;
  const start = process.cpuUsage();
  let sum = 0;
  let used = process.cpuUsage(start);
  while (used.user + used.system < blockedUs && performance.now() < endMs) {
    for (let step = 0; step < 100_000; step += 1) sum += Math.sqrt(sum + step);
    used = process.cpuUsage(start);
  }
  return sum;
}

setInterval(recomputeSynchronously, everyMs).unref();
