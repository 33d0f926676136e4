import type { ArtifactSlots } from '../diagnose/artifacts.ts';
import { connectionUse } from '../diagnose/computed/connection-use.ts';
import { Analysis, type Facts } from '../diagnose/computed/facts.ts';
import { figure, percent } from '../diagnose/computed/figures.ts';
import { processCpu, saturatedCpuPercent } from '../diagnose/computed/gateway-processes.ts';
import { loadInWindow } from '../diagnose/computed/load-in-window.ts';
import { shareWithin } from '../diagnose/computed/statistics.ts';
import { upstreamLatency } from '../diagnose/computed/upstream-latency.ts';
import type { Diagnosis } from '../diagnose/diagnose.ts';
import { rules } from '../diagnose/rules/index.ts';
import type { Capacity, CapacityStep } from './capacity-schema.ts';

type Limit = NonNullable<Capacity['limit']>;
type LimitFacts = Facts<never, 'phases' | 'load' | 'process' | 'postgres' | 'prometheus'>;

/** A finding that accounts for less than this of the response time, or of what it uses up, is not what limits. */
const weightyImpact = 0.3;
/** The share of the time of tool calls from which on they wait for the upstream above all, as in `slow-upstream`. */
const dominantShare = 0.7;
/** Of the connections, from which on the next one may be refused. */
const exhaustedShare = 0.9;

/**
 * Names what was at its limit while the load was held just past the knee: first what the rules found there, then
 * what the same facts show without a rule of their own, and at last where it must be when nothing watched was busy.
 * Null when the ramp ended before the stack was at any limit.
 */
export function nameLimit(
  slots: ArtifactSlots,
  { findings }: Diagnosis,
  ended: Capacity['ended'],
  steps: readonly CapacityStep[],
): Limit | null {
  const ruleId = 'generator-saturated';
  const saturated = findings.some((each) => each.ruleId === ruleId && each.verdict === 'fail');
  if (ended === 'generator' || (saturated && ended !== 'interrupted')) {
    return { layer: 'generator', text: 'The load generator was at its own limit.', ruleId };
  }
  if (ended === 'max-users' || ended === 'interrupted') return null;
  const facts: LimitFacts = new Analysis(slots).facts();
  return fromFindings(findings, facts, steps) ?? fromFacts(facts, steps);
}

function fromFindings(
  findings: Diagnosis['findings'],
  facts: LimitFacts,
  steps: readonly CapacityStep[],
): Limit | undefined {
  for (const { ruleId, verdict, title, impact } of findings) {
    const area = rules.find(({ id }) => id === ruleId)?.area;
    // What requests and logs tell is what a limit leads to.
    if (area === undefined || area === 'load' || area === 'logs' || impact < weightyImpact) continue;
    if (verdict !== 'fail' && verdict !== 'warn') continue;
    // A machine that one part of the stack uses up is that part's limit.
    const [busiest] = facts.find(processCpu) ?? [];
    if (area === 'host' && busiest !== undefined && busiest.meanPercent >= saturatedCpuPercent) continue;
    const gateway = facts.find(processCpu)?.find(({ role }) => role === 'gateway');
    // One that is kept from its core has no share of it to tell.
    const hot = ruleId === 'cpu-saturated' && verdict === 'fail';
    const since = hot ? busySince(steps, gateway?.target) : '';
    return { layer: area === 'host' ? 'elsewhere' : area, text: `${title}${since}.`, ruleId };
  }
  return undefined;
}

function fromFacts(facts: LimitFacts, steps: readonly CapacityStep[]): Limit {
  const [busiest] = facts.find(processCpu) ?? [];
  if (busiest !== undefined && busiest.meanPercent >= saturatedCpuPercent) {
    const { role, target, meanPercent } = busiest;
    return {
      layer: role === 'gateway' || role === 'postgres' || role === 'upstream' ? role : 'elsewhere',
      text: `${target} used ${figure(meanPercent)} % of one core${busySince(steps, target)}.`,
      ruleId: null,
    };
  }
  const connections = facts.find(connectionUse);
  if (connections !== undefined && connections.used >= exhaustedShare * connections.most) {
    const { used, most } = connections;
    const text = `PostgreSQL had ${figure(used)} of at most ${figure(most)} connections open.`;
    return { layer: 'postgres', text, ruleId: null };
  }
  const upstream = facts.find(upstreamLatency);
  const load = facts.find(loadInWindow);
  if (upstream !== undefined && load !== undefined && load.toolCalls > 0) {
    const share = shareWithin(upstream.meanMs, load.toolCallTimeMs / load.toolCalls);
    const meanwhile =
      busiest === undefined
        ? ''
        : `; meanwhile ${busiest.target} used ${figure(busiest.meanPercent)} % of one core`;
    const text = `Tool calls waited ${figure(upstream.meanMs)} ms for the upstream, ${percent(share)} of their time${meanwhile}.`;
    if (share >= dominantShare) return { layer: 'upstream', text, ruleId: null };
  }
  return busiest === undefined
    ? {
        layer: 'unknown',
        text: 'Not known, as no process of the stack was watched; --pid and --pg say which ones to watch.',
        ruleId: null,
      }
    : {
        layer: 'elsewhere',
        text:
          `Nothing that was watched was at its limit; the busiest process, ${busiest.target}, used ` +
          `${figure(busiest.meanPercent)} % of one core. Requests wait for something else: an upstream, a pool, or a ` +
          'limit on how many are served at once.',
        ruleId: null,
      };
}

/** From how many users on a process has been at its limit. */
function busySince(steps: readonly CapacityStep[], target: string | undefined): string {
  const busy = steps.flatMap(({ users, busiest }) =>
    busiest !== null && busiest.target === target && busiest.cpuPercent >= saturatedCpuPercent ? [users] : [],
  );
  return busy.length === 0 ? '' : `, ${saturatedCpuPercent} % or more from ${Math.min(...busy)} users on`;
}
