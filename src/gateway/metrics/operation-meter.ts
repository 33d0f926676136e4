import { reportedMethod } from '../../protocol/reported-method.ts';
import { serverOf } from '../../shared/server-of.ts';
import type { Histogram, MetricsRegistry } from './metrics-registry.ts';
import type { Operation, OperationRecorder } from './operation-recorder.ts';

/** Both directions are MCP over HTTP over TCP; stdio would be `pipe`. */
const transport = 'tcp';

/** Names come from the catalogue, so that only one that changes all the time reaches this. */
const maxRemembered = 10_000;

/**
 * Measures operations of clients as `mcp.server.operation.duration`, and sessions. Labels of what goes well are put
 * together once: a call then costs two look-ups with strings whose hash is known.
 */
export function createOperationMeter(registry: MetricsRegistry): OperationRecorder {
  const byVersion = new Map<string, Map<string, Histogram>>();

  const histogramOf = (method: string, operation: Operation): Histogram =>
    registry.histogram('serverOperation', method, ...outcomeLabels(operation));

  return {
    finished(operation, seconds) {
      const { toolName, protocolVersion, error } = operation;
      const method = reportedMethod(operation.method);
      if (error !== undefined || protocolVersion === undefined) {
        return histogramOf(method, operation).observe(seconds);
      }
      // One method alone names tools, and each tool's name has a hyphen, which no method has.
      const name = toolName ?? method;
      let remembered = byVersion.get(protocolVersion);
      if (remembered === undefined) byVersion.set(protocolVersion, (remembered = new Map()));
      let histogram = remembered.get(name);
      if (histogram === undefined) {
        if (remembered.size >= maxRemembered) remembered.clear();
        remembered.set(name, (histogram = histogramOf(method, operation)));
      }
      histogram.observe(seconds);
    },
    sessionEnded(protocolVersion, seconds) {
      registry.histogram('serverSession', protocolVersion, transport).observe(seconds);
    },
  };
}

/**
 * Measures requests to one upstream as `mcp.client.operation.duration`: gives the histogram of one kind of request.
 * `upstream` is the name of its gateway record, since two may be at one address.
 */
export function createClientMeter(
  registry: MetricsRegistry,
  upstream: string,
  url: string,
): (operation: Operation) => Histogram {
  const { address, port } = serverOf(url);
  return (operation) =>
    registry.histogram(
      'clientOperation',
      upstream,
      operation.method,
      ...outcomeLabels(operation),
      address,
      String(port),
    );
}

/** Values of `outcomeLabels` in the table of metrics. */
function outcomeLabels({ toolName, error, protocolVersion }: Operation): string[] {
  const isOther = error?.statusCode !== undefined && !isDefinedCode(Number(error.statusCode));
  const [type, statusCode] = isOther ? ['_OTHER', '_OTHER'] : [error?.type, error?.statusCode];
  return [toolName ?? '', type ?? '', statusCode ?? '', protocolVersion ?? '', transport];
}

/**
 * Whether JSON-RPC 2.0 defines the code, or leaves it to servers as MCP uses them (section 5.1). Others are up to each
 * tool: all of them would be more series than are kept.
 */
function isDefinedCode(code: number): boolean {
  return code === -32700 || (code >= -32603 && code <= -32600) || (code >= -32099 && code <= -32000);
}
