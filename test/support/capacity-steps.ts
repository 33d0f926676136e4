import type { Step } from '../../src/lab/capacity/step.ts';

/** A measured step; what is not given is that of a quiet machine, a window of a second with each value of `windowsRps`. */
export function capacityStep(users: number, rps: number, given: Partial<Step> = {}): Step {
  const { windowsRps = [rps, rps * 1.01, rps * 0.99, rps] } = given;
  return {
    users,
    startMs: users * 10_000,
    endMs: users * 10_000 + windowsRps.length * 1000,
    rps,
    requests: rps * windowsRps.length,
    p50Ms: 50,
    p95Ms: 55,
    failedShare: 0,
    generator: 'ok',
    generatorCpuPercent: 5,
    broken: [],
    ...given,
    windowsRps,
  };
}
