import { describe, expect, test } from 'vitest';
import { findingOf, judge, noiseLevels, seeds, without } from '../../../../../test/support/judge-rule.ts';
import {
  syntheticRun,
  upstreamMetrics,
  type SyntheticRunOptions,
} from '../../../../../test/support/synthetic-run.ts';
import { diagnose } from '../../diagnose.ts';
import { slowUpstream } from './slow-upstream.ts';

const slow: SyntheticRunOptions = {
  toolCallMs: 305,
  change: { prometheus: (_, second) => ({ metrics: upstreamMetrics(second * 50, 0.3) }) },
};

function histogram(labels: string, requests: number, meanS: number): Record<string, number> {
  return {
    [`mcp_client_operation_duration_seconds_count{${labels}}`]: requests,
    [`mcp_client_operation_duration_seconds_sum{${labels}}`]: requests * meanS,
  };
}

describe('slow-upstream', () => {
  test.for(noiseLevels)('fails an upstream that takes nearly all of the calls, at noise %d', (noise) => {
    const verdicts = seeds.map((seed) => diagnose(syntheticRun({ ...slow, noise, seed })).findings[0]);
    expect(verdicts.map((finding) => [finding?.ruleId, finding?.verdict])).toEqual(
      seeds.map(() => ['slow-upstream', 'fail']),
    );
  });

  test('tells what the gateway measured and what share of a call that is', () => {
    const { evidence, value, title } = findingOf(slowUpstream, syntheticRun(slow));
    expect(value).toBe(300);
    expect(title).toBe('Tool calls wait 300 ms for the upstream');
    expect(evidence[0]?.text).toMatch(
      /^The gateway waited 300 ms on average .* 9[789] % of what a tool call took/,
    );
  });

  test('reads any gateway that follows the conventions, and only its calls of tools', () => {
    const change: SyntheticRunOptions['change'] = {
      prometheus: (_, second) => ({
        metrics: {
          ...histogram('mcp_method_name="tools/call",server_address="a",server_port="1"', second * 20, 0.3),
          ...histogram('mcp_method_name="tools/call",server_address="b",server_port="1"', second * 5, 0.3),
          ...histogram(
            'mcp_method_name="tools/call",error_type="tool_error",server_address="b",server_port="1"',
            second * 5,
            0.3,
          ),
          ...histogram('mcp_method_name="tools/list",server_address="a",server_port="1"', second * 9, 0.001),
        },
      }),
    };
    const { value, evidence } = findingOf(slowUpstream, syntheticRun({ ...slow, change }));
    expect(value).toBe(300);
    expect(evidence.slice(1, 3).map(({ text }) => text.replace(/ over .*/, ''))).toEqual([
      'Upstream a:1: 300 ms on average',
      'Upstream b:1: 300 ms on average',
    ]);
  });

  test('believes the latency floor where the gateway exposes no metrics, less surely', () => {
    const metered = findingOf(slowUpstream, syntheticRun(slow));
    const unmetered = findingOf(slowUpstream, without(syntheticRun(slow), 'prometheus'));
    expect(unmetered.verdict).toBe('fail');
    expect(unmetered.evidence[0]?.text).toContain('Even the fastest tenth');
    expect(unmetered.confidence).toBeLessThan(metered.confidence);
  });

  test('does not fail the upstream of a gateway that is busy or blocked itself', () => {
    const busy = {
      ...slow.change,
      process: (sample) => ({ ...sample, cpuPercent: 95 }),
    } satisfies typeof slow.change;
    const blocked = {
      ...slow.change,
      node: (sample) => ({ ...sample, eventLoopDelayP99Ms: 250 }),
    } satisfies typeof slow.change;
    for (const change of [busy, blocked]) {
      const { verdict, counterEvidence } = findingOf(slowUpstream, syntheticRun({ ...slow, change }));
      expect(verdict).toBe('warn');
      expect(counterEvidence).toHaveLength(1);
    }
  });

  test('passes when calls are slow for another reason', () => {
    expect(judge(slowUpstream, syntheticRun({ toolCallMs: 400 })).verdict).toBe('pass');
  });

  test.for(noiseLevels)('passes a fast upstream at noise %d', (noise) => {
    const verdicts = seeds.map((seed) => judge(slowUpstream, syntheticRun({ noise, seed })).verdict);
    expect(verdicts).toEqual(seeds.map(() => 'pass'));
  });

  test('is vetoed by a saturated generator', () => {
    const change = {
      ...slow.change,
      load: (sample) => ({ ...sample, generator: { ...sample.generator, cpuPercent: 99 } }),
    } satisfies SyntheticRunOptions['change'];
    const { findings, notChecked } = diagnose(syntheticRun({ ...slow, change }));
    expect(findings[0]?.ruleId).toBe('generator-saturated');
    expect(notChecked.map(({ ruleId }) => ruleId)).toContain('slow-upstream');
  });

  test('is not checked without load', () => {
    expect(judge(slowUpstream, without(syntheticRun(), 'load')).verdict).toBe('not-checked');
  });
});
