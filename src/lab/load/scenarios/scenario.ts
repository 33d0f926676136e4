/** Scenarios that are built in. */
export const scenarioNames = ['mcp-mixed', 'mcp-tools'] as const;
export type ScenarioName = (typeof scenarioNames)[number];

/** What one task of a user asks for. `tools/call` stands for every callable tool, each with an equal share. */
export type TaskRequest =
  { kind: 'tools/call' } | { kind: 'tools/list' } | { kind: 'ping' } | { kind: 'get'; path: string };

/** A weighted task: over many draws it is picked `weight` times out of the sum of all weights. */
export interface ScenarioTask {
  weight: number;
  request: TaskRequest;
}

/** What users do, as data: after the handshake that MCP asks for, one task after the other, with think time. */
export interface Scenario {
  /** Whether each user lists the tools once before its first task, as an agent does. */
  listsToolsFirst: boolean;
  tasks: readonly ScenarioTask[];
}
