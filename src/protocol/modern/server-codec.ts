import { GaugewayError, errorTable } from '../../shared/errors.ts';
import { stringParam } from '../client-message.ts';
import type { ClientMessage } from '../client-message.ts';
import { methodSpec } from '../methods.ts';
import type { Implementation, ServerCodec, WireHeaders } from '../wire-codec.ts';
import { insertMembers } from '../json-splice.ts';
import { traceHeaders } from '../trace-context.ts';
import { claimsEnvelope, envelopeVersion, modernVersion, serverInfoKey } from './envelope.ts';
import { decodeHeaderValue } from './header-value.ts';

/**
 * Errors of validation have their HTTP status in this era. What went wrong behind it (an unknown tool, an upstream
 * that fails) is an answer of the method and comes with 200.
 */
const validationErrors: ReadonlySet<string> = new Set([
  'parse_error',
  'invalid_request',
  'invalid_params',
  'method_not_found',
  'header_mismatch',
  'unsupported_protocol_version',
]);

export const modernServerCodec: ServerCodec = {
  era: 'modern',
  sessions: false,
  onlyVersion: modernVersion,
  enveloped: true,
  disconnectCancels: true,

  forwardedHeaders(headers) {
    let forwarded = traceHeaders(headers);
    for (const name in headers) {
      if (!name.startsWith('mcp-param-')) continue;
      const value = headers[name];
      if (typeof value === 'string') (forwarded ??= {})[name] = value;
    }
    return forwarded;
  },

  claims(headers, message) {
    if (claimsEnvelope(message.meta)) return true;
    const version = headers['mcp-protocol-version'];
    return (
      typeof version === 'string' &&
      /^\d{4}-\d\d-\d\d$/.test(version) &&
      version >= modernVersion &&
      message.method !== 'initialize'
    );
  },

  validate(headers, message) {
    if (message.kind === 'response') {
      throw new GaugewayError('invalid_request', 'responses are not posted in this protocol revision');
    }
    const version = envelopeVersion(message.meta);
    if (message.kind === 'request') expectHeader(headers, 'mcp-protocol-version', version);
    if (version !== modernVersion) {
      throw new GaugewayError(
        'unsupported_protocol_version',
        `protocol revision ${version} is not served here`,
        {
          data: { supported: [modernVersion], requested: version },
        },
      );
    }
    if (message.kind === 'notification') return;
    expectHeader(headers, 'mcp-method', message.method);
    const spec = methodSpec('modern', message.method);
    if (spec === undefined) {
      throw new GaugewayError(
        'method_not_found',
        `method ${JSON.stringify(message.method)} is not served here`,
      );
    }
    if (spec.target !== undefined) validateName(headers, message, spec.target);
  },

  protocolResult: (_message, self) => ({
    json: JSON.stringify({
      supportedVersions: [modernVersion],
      capabilities: { tools: {} },
      resultType: 'complete',
      ttlMs: 0,
      cacheScope: 'private',
      _meta: { [serverInfoKey]: self },
    }),
  }),

  listResult: (member, itemsJson, self) =>
    `{"${member}":${itemsJson},"resultType":"complete","ttlMs":0,"cacheScope":"private",${serverMeta(self)}}`,

  relayResult(answer) {
    if (answer.resultTypeJson !== undefined) return answer.json;
    return insertMembers(answer.json, 0, '"resultType":"complete"');
  },

  errorStatus: (code) => (validationErrors.has(code) ? errorTable[code].httpStatus : 200),
};

function serverMeta(self: Implementation): string {
  return `"_meta":${JSON.stringify({ [serverInfoKey]: self })}`;
}

function validateName(headers: WireHeaders, message: ClientMessage, target: 'name' | 'uri'): void {
  const value = stringParam(message, target);
  if (value === undefined) {
    throw new GaugewayError('invalid_params', `${message.method}: params.${target} must be a string`);
  }
  const header = headers['mcp-name'];
  if (header === value) return;
  if (typeof header !== 'string' || decodeHeaderValue(header) !== value) {
    throw new GaugewayError('header_mismatch', `Mcp-Name does not match params.${target}`);
  }
}

function expectHeader(headers: WireHeaders, name: string, value: string): void {
  if (headers[name] !== value) {
    const problem = headers[name] === undefined ? 'is missing' : 'does not match the body';
    throw new GaugewayError('header_mismatch', `header ${name} ${problem}`);
  }
}
