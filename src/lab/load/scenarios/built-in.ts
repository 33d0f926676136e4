import { readDefinition } from './scenario-definition.ts';
import type { ScenarioDefinition } from './scenario-definition.ts';
import type { Scenario } from './scenario.ts';

const anyTool = { tool: '*' };
const listTools = { mcp: 'tools/list' };

/** A GET of what only some targets have. */
function page(path: string, weight: number): ScenarioDefinition['tasks'][number] {
  return { weight, optional: true, steps: [{ request: `GET ${path}` }] };
}

/** A list of MCP that not every server offers. */
function list(method: string, weight: number): ScenarioDefinition['tasks'][number] {
  return { weight, optional: true, steps: [{ mcp: method }] };
}

/** JSON-RPC by plain POST, as ContextForge's `/rpc` takes it. */
function rpc(method: string, weight: number): ScenarioDefinition['tasks'][number] {
  return { weight, optional: true, steps: [{ mcp: method, path: '/rpc', name: `/rpc ${method}` }] };
}

/**
 * The scenarios that need no file. The shares of `mcp-*` and `realistic` follow ContextForge's own load tests (its
 * MCPAgentUser, MCPToolCallerUser, MCPDiscoveryUser, MCPSessionChurnUser and RealisticUser), so that figures compare.
 */
const definitions: readonly ScenarioDefinition[] = [
  {
    name: 'mcp-mixed',
    description:
      'agents: handshake, list, then mostly tool calls, with the checks that clients and load balancers make',
    start: [listTools],
    tasks: [
      { weight: 85, steps: [anyTool] },
      { weight: 8, steps: [listTools] },
      { weight: 4, optional: true, steps: [{ mcp: 'ping' }] },
      page('/health', 3),
    ],
  },
  {
    name: 'mcp-tools',
    description: 'tool calls only, after the handshake',
    tasks: [{ steps: [anyTool] }],
  },
  {
    name: 'mcp-discovery',
    description: 'clients that look around: lists of tools, resources, templates and prompts',
    tasks: [
      { weight: 5, steps: [listTools] },
      list('resources/list', 2),
      list('resources/templates/list', 1),
      list('prompts/list', 2),
      list('ping', 1),
    ],
  },
  {
    name: 'mcp-session-churn',
    description: 'short sessions: a handshake, a listing and one tool call each',
    tasks: [{ name: 'session', steps: [{ session: 'new' }, listTools, anyTool] }],
  },
  {
    name: 'rest-admin',
    description: 'the control plane: health, lists and the admin page',
    users: 'http',
    wait: '500ms-2s',
    tasks: [
      page('/health', 3),
      page('/ready', 1),
      page('/version', 1),
      page('/tools', 4),
      page('/servers', 3),
      page('/gateways', 2),
      page('/resources', 2),
      page('/prompts', 2),
      page('/admin/', 2),
    ],
  },
  {
    name: 'realistic',
    description: "the mix of the profiling guide's load test: lists, JSON-RPC and the admin page",
    users: 'http',
    wait: '500ms-2s',
    tasks: [
      page('/health', 15),
      page('/tools', 20),
      page('/servers', 15),
      page('/gateways', 10),
      page('/resources', 10),
      rpc('tools/list', 10),
      page('/admin/', 8),
      page('/prompts', 5),
      page('/version', 2),
    ],
  },
  {
    name: 'echo',
    description: "the target's echo tool: what the way there and back costs",
    tasks: [{ steps: [{ tool: '*echo*' }] }],
  },
];

/** The built-in scenarios by name. */
export const builtInScenarios: ReadonlyMap<string, Scenario> = new Map(
  definitions.map((definition) => [definition.name, readDefinition(definition)]),
);

/** What a load does when nothing is said. */
export const defaultScenarioName = 'mcp-mixed';
