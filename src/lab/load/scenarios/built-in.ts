import type { Scenario, ScenarioName } from './scenario.ts';

/** The built-in scenarios by name. */
export const scenarios: Readonly<Record<ScenarioName, Scenario>> = {
  /** Agents: handshake, list, then mostly tool calls, with the checks that a client and a load balancer make. */
  'mcp-mixed': {
    listsToolsFirst: true,
    tasks: [
      { weight: 85, request: { kind: 'tools/call' } },
      { weight: 8, request: { kind: 'tools/list' } },
      { weight: 4, request: { kind: 'ping' } },
      { weight: 3, request: { kind: 'get', path: '/health' } },
    ],
  },
  /** Tool calls only, after the handshake. */
  'mcp-tools': {
    listsToolsFirst: false,
    tasks: [{ weight: 1, request: { kind: 'tools/call' } }],
  },
};
