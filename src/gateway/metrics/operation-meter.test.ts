import { describe, expect, test } from 'vitest';
import { MetricsRegistry } from './metrics-registry.ts';
import { createClientMeter, createOperationMeter } from './operation-meter.ts';

const version = '2025-11-25';
const call = { method: 'tools/call', toolName: 'lab-echo', protocolVersion: version };

/** The series of a metric by its labels, with how often it was observed. */
function countsOf(registry: MetricsRegistry, name: string): Record<string, number> {
  const lines = registry.render().split('\n');
  const counts = lines.flatMap((line) => {
    const [, labels, count] = new RegExp(`^${name}_count\\{(.*)\\} (\\d+)$`).exec(line) ?? [];
    return labels === undefined ? [] : [[labels.replaceAll('"', ''), Number(count)] as const];
  });
  return Object.fromEntries(counts);
}

describe('operations of clients', () => {
  const name = 'mcp_server_operation_duration_seconds';

  test('are told apart by method, tool, outcome and revision', () => {
    const registry = new MetricsRegistry();
    const meter = createOperationMeter(registry);
    meter.finished({ method: 'tools/list', protocolVersion: version }, 0.001);
    meter.finished(call, 0.002);
    meter.finished(call, 0.003);
    meter.finished({ ...call, error: { type: 'tool_error' } }, 0.004);
    meter.finished({ ...call, error: { type: '-32602', statusCode: '-32602' } }, 0.005);
    const end = `mcp_protocol_version=${version},network_transport=tcp`;
    const tool = 'mcp_method_name=tools/call,gen_ai_tool_name=lab-echo';
    expect(countsOf(registry, name)).toEqual({
      [`mcp_method_name=tools/list,${end}`]: 1,
      [`${tool},${end}`]: 2,
      [`${tool},error_type=tool_error,${end}`]: 1,
      [`${tool},error_type=-32602,rpc_response_status_code=-32602,${end}`]: 1,
    });
  });

  test('show what a gateway takes for itself, far below the first bucket that is advised', () => {
    const registry = new MetricsRegistry();
    createOperationMeter(registry).finished(call, 0.0003);
    const text = registry.render();
    expect(text).toMatch(/le="0\.0002"\} 0\n/);
    expect(text).toMatch(/le="0\.0005"\} 1\n/);
  });

  test('cannot fill the memory with methods that nobody knows', () => {
    const registry = new MetricsRegistry();
    const meter = createOperationMeter(registry);
    for (let count = 0; count < 10; count += 1) {
      meter.finished({ method: `notifications/${count}`, protocolVersion: version }, 0.001);
    }
    expect(Object.entries(countsOf(registry, name))).toEqual([[expect.stringContaining('=_OTHER,'), 10]]);
  });

  test('are not told apart by codes of errors that are up to a tool', () => {
    const registry = new MetricsRegistry();
    const meter = createOperationMeter(registry);
    const failed = (code: string): void =>
      meter.finished({ ...call, error: { type: code, statusCode: code } }, 0.001);
    for (let count = 0; count < 450; count += 1) {
      failed(String(count));
      failed(String(-32_100 - count));
    }
    failed('_OTHER');
    for (const code of ['-32700', '-32603', '-32600', '-32099', '-32000']) failed(code);
    const codes = Object.entries(countsOf(registry, name)).map(([labels, count]) => [
      /error_type=([^,]*),rpc_response_status_code=\1,/.exec(labels)?.[1],
      count,
    ]);
    expect(Object.fromEntries(codes)).toEqual({
      _OTHER: 901,
      '-32700': 1,
      '-32603': 1,
      '-32600': 1,
      '-32099': 1,
      '-32000': 1,
    });
  });

  test('of more tools than are kept share one series, and none is lost', () => {
    const registry = new MetricsRegistry();
    const meter = createOperationMeter(registry);
    for (let count = 0; count < 1000; count += 1)
      meter.finished({ ...call, toolName: `lab-${count}` }, 0.001);
    const counts = countsOf(registry, name);
    expect(Object.keys(counts)).toHaveLength(401);
    expect(counts['otel_metric_overflow=true']).toBe(600);
  });
});

test('requests to an upstream carry its name, address and port', () => {
  const registry = new MetricsRegistry();
  const meter = createClientMeter(registry, 'lab', 'https://[::1]/mcp');
  meter({ ...call, toolName: 'echo', error: { type: 'upstream_timeout' } }).observe(0.2);
  const labels =
    'gaugeway_upstream=lab,mcp_method_name=tools/call,gen_ai_tool_name=echo,error_type=upstream_timeout,' +
    `mcp_protocol_version=${version},network_transport=tcp,server_address=::1,server_port=443`;
  expect(countsOf(registry, 'mcp_client_operation_duration_seconds')).toEqual({ [labels]: 1 });
});
