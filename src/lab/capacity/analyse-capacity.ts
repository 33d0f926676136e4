import type { ArtifactSlots, Timed } from '../diagnose/artifacts.ts';
import { Analysis } from '../diagnose/computed/facts.ts';
import { processCpu } from '../diagnose/computed/gateway-processes.ts';
import { rounded } from '../diagnose/computed/statistics.ts';
import type { Diagnosis } from '../diagnose/diagnose.ts';
import type { Threshold } from '../load/thresholds.ts';
import type { SeriesEvent, StepEvent } from '../timeline/events.ts';
import type { ObservedLoad } from '../timeline/samples.ts';
import { adviseCapacity, caveatsOf } from './advice.ts';
import { concludeRamp } from './answer.ts';
import type { Capacity, CapacityStep } from './capacity-schema.ts';
import type { Interval } from './confidence.ts';
import type { Fit } from './knee.ts';
import { nameLimit } from './name-limit.ts';
import type { Ramp } from './step-planner.ts';
import { measureStep, type Step, windowsOf } from './step.ts';
import { kneeUsersRatio, peakUsers, throughputAt } from './throughput-models.ts';

/** The capacity of a run, and the samples that its thresholds are held against. */
export interface AnalysedCapacity {
  capacity: Capacity;
  judged: Timed<ObservedLoad>[];
}

/** From the recorded steps of a run to what it says about capacity. Pure: repeats byte for byte. */
export function analyseCapacity(
  events: readonly SeriesEvent[],
  slots: ArtifactSlots,
  diagnosis: Diagnosis,
  ramp: Ramp,
  thresholds: readonly Threshold[],
): AnalysedCapacity {
  const samples = slots.load.status === 'ok' ? [...slots.load.value.values()].flat() : [];
  const recorded = events.filter((event) => event.kind === 'step');
  const measured = recorded.map((event) => ({ event, step: measureStep(event, samples, thresholds) }));
  const rampSteps = measured.filter(({ event }) => event.role === 'ramp').map(({ step }) => step);
  const hold = measured.find(({ event }) => event.role === 'hold')?.step;
  const result = concludeRamp(rampSteps, hold, ramp);
  const steps = measured.map(({ event, step }) => describeStep(event, step, rampSteps, slots));
  const limit = nameLimit(slots, diagnosis, result.ended, steps);
  const { answer, knee, judged } = result;
  const mostUsers = Math.max(0, ...steps.map(({ users }) => users));
  return {
    judged: judged === undefined ? [] : windowsOf(judged, samples),
    capacity: {
      ended: result.ended,
      answer:
        answer === undefined
          ? null
          : {
              rps: rounded(answer.rps, 3),
              interval: shown(answer.interval),
              users: answer.users,
              atLeast: answer.atLeast,
            },
      knee:
        knee === undefined
          ? null
          : { ...knee, users: rounded(knee.users, 1), interval: shown(knee.interval) },
      latencyKneeUsers: result.latencyKneeUsers,
      fits: result.fits.map((fit) => describeFit(fit, mostUsers)),
      limit,
      steps,
      caveats: caveatsOf(
        result,
        measured.map(({ step }) => step),
      ),
      advice: adviseCapacity(result, limit, mostUsers),
    },
  };
}

function describeStep(
  { users, role, startMs, endMs }: StepEvent,
  step: Step,
  rampSteps: readonly Step[],
  slots: ArtifactSlots,
): CapacityStep {
  const phases: ArtifactSlots['phases'] = { status: 'ok', value: [{ name: 'steady', startMs, endMs }] };
  const [busiest] =
    new Analysis({ ...slots, phases }).facts<never, 'phases' | 'process'>().find(processCpu) ?? [];
  return {
    users,
    role,
    startMs,
    endMs,
    rps: rounded(step.rps, 3),
    rpsStandardError: rounded(standardError(step.windowsRps), 3),
    p50Ms: step.p50Ms,
    p95Ms: step.p95Ms,
    failedShare: rounded(step.failedShare, 5),
    gainPer20Percent: gainOf(step, rampSteps),
    broken: step.broken,
    generator: step.generator,
    generatorCpuPercent: step.generatorCpuPercent === null ? null : rounded(step.generatorCpuPercent, 1),
    busiest:
      busiest === undefined ? null : { target: busiest.target, cpuPercent: rounded(busiest.meanPercent, 1) },
  };
}

/** Growth for a fifth more users against the next fewer of the ramp, on a line between the logarithms. */
export function gainOf(
  step: Pick<Step, 'users' | 'rps'>,
  rampSteps: readonly Pick<Step, 'users' | 'rps'>[],
): number | null {
  const fewer = rampSteps.filter(({ users }) => users < step.users);
  const users = Math.max(...fewer.map((each) => each.users));
  const next = fewer.findLast((each) => each.users === users);
  if (next === undefined || next.rps <= 0 || step.rps <= 0) return null;
  const exponent = Math.log(kneeUsersRatio) / Math.log(step.users / next.users);
  return rounded((step.rps / next.rps) ** exponent - 1, 4);
}

function describeFit({ model, rSquared }: Fit, mostUsers: number): Capacity['fits'][number] {
  const peak = model.kind === 'usl' ? peakUsers(model) : null;
  return {
    model:
      model.kind === 'usl'
        ? {
            kind: model.kind,
            lambdaRps: significant(model.lambdaRps),
            sigma: significant(model.sigma),
            kappa: significant(model.kappa),
          }
        : { kind: model.kind, cycleMs: significant(model.cycleMs), maxRps: significant(model.maxRps) },
    rSquared: rounded(rSquared, 4),
    peak:
      peak === null
        ? null
        : {
            users: rounded(peak, 1),
            rps: rounded(throughputAt(model, peak), 1),
            extrapolated: peak > mostUsers,
          },
  };
}

function shown(interval: Interval | undefined): Interval | null {
  return interval === undefined ? null : { low: rounded(interval.low, 1), high: rounded(interval.high, 1) };
}

function standardError(values: readonly number[]): number {
  if (values.length < 2) return 0;
  const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
  const variance = values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / (values.length - 1);
  return Math.sqrt(variance / values.length);
}

/** To six digits: parameters span many orders of magnitude. */
function significant(value: number): number {
  return Number(value.toPrecision(6));
}
