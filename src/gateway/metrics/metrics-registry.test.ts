import { describe, expect, test } from 'vitest';
import { createCallMeter } from './call-meter.ts';
import { metricTable } from './metric-table.ts';
import { MetricsRegistry } from './metrics-registry.ts';
import { registerProcessMetrics } from './process-metrics.ts';

describe('MetricsRegistry', () => {
  test('names and types every metric of the table, each once', () => {
    const text = new MetricsRegistry().render();
    for (const { name, kind } of Object.values(metricTable)) {
      expect(text.split('\n').filter((line) => line === `# TYPE ${name} ${kind}`)).toHaveLength(1);
    }
  });

  test('counts by label, and escapes what a label may hold', () => {
    const registry = new MetricsRegistry();
    registry.counter('upstreamErrors', 'a"b\\c\nd', 'upstream_timeout').value += 1;
    registry.counter('upstreamErrors', 'a"b\\c\nd', 'upstream_timeout').value += 1;
    expect(registry.render()).toContain(
      'gaugeway_upstream_errors_total{gateway="a\\"b\\\\c\\nd",code="upstream_timeout"} 2\n',
    );
  });

  test('forgets what was counted for an owner, and for nobody else', () => {
    const registry = new MetricsRegistry();
    for (const name of ['gone', 'here']) {
      registry.counter('upstreamErrors', name, 'upstream_timeout').value += 1;
      registry.histogram('clientOperation', name, 'ping').observe(1);
    }
    registry.forget('gone', 'upstreamErrors', 'clientOperation');
    const text = registry.render();
    expect(text).not.toContain('="gone"');
    expect(text).toContain('gaugeway_upstream_errors_total{gateway="here",code="upstream_timeout"} 1\n');
    expect(text).toContain(
      'mcp_client_operation_duration_seconds_count{gaugeway_upstream="here",mcp_method_name="ping"} 1\n',
    );
  });

  test('a histogram is cumulative, and its last bucket holds all', () => {
    const registry = new MetricsRegistry();
    const series = 'mcp_server_session_duration_seconds';
    const label = 'mcp_protocol_version="2025-11-25"';
    const histogram = registry.histogram('serverSession', '2025-11-25');
    for (const seconds of [0.0004, 0.01, 0.3, 600]) histogram.observe(seconds);
    const text = registry.render();
    expect(text).toContain(`${series}_bucket{${label},le="0.01"} 2\n`);
    expect(text).toContain(`${series}_bucket{${label},le="0.5"} 3\n`);
    expect(text).toContain(`${series}_bucket{${label},le="300"} 3\n`);
    expect(text).toContain(`${series}_bucket{${label},le="+Inf"} 4\n`);
    expect(text).toContain(`${series}_count{${label}} 4\n`);
  });

  test('calls are counted by the tool and outcome on their way to the recorder', () => {
    const registry = new MetricsRegistry();
    const passed: string[] = [];
    const meter = createCallMeter({ record: (call) => passed.push(call.toolId) }, registry, (id) =>
      id === '1' ? 'lab-echo' : undefined,
    );
    const call = { timestampMs: 1, responseTime: 0.002, errorMessage: null };
    meter.record({ ...call, toolId: '1', isSuccess: true });
    meter.record({ ...call, toolId: '2', isSuccess: false });
    expect(passed).toEqual(['1', '2']);
    const text = registry.render();
    expect(text).toContain('gaugeway_tool_calls_total{tool="lab-echo",outcome="success"} 1\n');
    expect(text).toContain('gaugeway_tool_calls_total{tool="2",outcome="failure"} 1\n');
  });

  test('this process shows what it costs', () => {
    const registry = new MetricsRegistry();
    using measuring = registerProcessMetrics(registry);
    expect(measuring).toBeDefined();
    const value = (name: string): number =>
      Number(new RegExp(`^${name} (.*)$`, 'm').exec(registry.render())?.[1]);
    expect(value('process_cpu_seconds_total')).toBeGreaterThan(0);
    expect(value('process_resident_memory_bytes')).toBeGreaterThan(1e6);
    expect(value('process_start_time_seconds') * 1000).toBeLessThan(Date.now());
    expect(value('nodejs_eventloop_utilization_ratio')).toBeLessThanOrEqual(1);
    expect(registry.render()).toMatch(/nodejs_eventloop_delay_seconds\{quantile="0\.99"\} \d/);
  });
});
