import { GaugewayError, errorTable } from '../../shared/errors.ts';
import { stringParam } from '../client-message.ts';
import { methodSpec } from '../methods.ts';
import { traceHeaders } from '../trace-context.ts';
import type { ServerCodec } from '../wire-codec.ts';
import { isLegacyVersion, latestLegacyVersion, legacyVersions } from './versions.ts';

/**
 * Errors that concern the exchange itself have their HTTP status. All others are answered 200 with a JSON-RPC
 * error: clients of this era take any other status for a broken transport and give up, or fall back to HTTP+SSE.
 */
const transportErrors: ReadonlySet<string> = new Set([
  'parse_error',
  'invalid_request',
  'session_not_found',
  'unsupported_protocol_version',
]);

export const legacyServerCodec: ServerCodec = {
  era: 'legacy',
  sessions: true,
  onlyVersion: undefined,
  enveloped: false,
  // Clients of this era may drop a connection and resume, so that only a message cancels.
  disconnectCancels: false,
  forwardedHeaders: traceHeaders,

  claims: () => true,

  validate(headers, message) {
    const version = headers['mcp-protocol-version'];
    // Absent means 2025-03-26, the last revision without this header; initialize negotiates in its body.
    if (version !== undefined && message.method !== 'initialize' && !isLegacyVersion(version)) {
      throw new GaugewayError(
        'unsupported_protocol_version',
        'MCP-Protocol-Version names an unknown revision',
        {
          data: { supported: [...legacyVersions], requested: version },
        },
      );
    }
    if (message.kind === 'request' && methodSpec('legacy', message.method) === undefined) {
      throw new GaugewayError(
        'method_not_found',
        `method ${JSON.stringify(message.method)} is not served here`,
      );
    }
  },

  protocolResult(message, self) {
    if (message.method === 'ping') return { json: '{}' };
    const requested = stringParam(message, 'protocolVersion');
    if (requested === undefined) {
      throw new GaugewayError('invalid_params', 'initialize: params.protocolVersion must be a string');
    }
    const sessionVersion = isLegacyVersion(requested) ? requested : latestLegacyVersion;
    const json = JSON.stringify({
      protocolVersion: sessionVersion,
      capabilities: { tools: {} },
      serverInfo: self,
    });
    return { json, sessionVersion };
  },

  listResult: (member, itemsJson) => `{"${member}":${itemsJson}}`,

  relayResult(answer) {
    if (answer.resultTypeJson !== undefined && answer.resultTypeJson !== '"complete"') {
      throw new GaugewayError(
        'upstream_invalid',
        'the upstream asks for input in a way that this client has no protocol for',
      );
    }
    return answer.json;
  },

  errorStatus: (code) => (transportErrors.has(code) ? errorTable[code].httpStatus : 200),
};
