const everyMs = 400;
const blockedMs = 150;

/** Computes for 150 ms without giving the event loop a turn. */
function recomputeSynchronously(): number {
  const endMs = performance.now() + blockedMs;
  let sum = 0;
  while (performance.now() < endMs) sum += Math.sqrt(sum + 1);
  return sum;
}

setInterval(recomputeSynchronously, everyMs).unref();
