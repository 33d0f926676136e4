import { GaugewayError } from '../../shared/errors.ts';
import { isRecord } from '../record.ts';
import type { ClientCodec } from '../wire-codec.ts';
import { modernVersion, serverInfoKey, withEnvelope } from './envelope.ts';
import { encodeHeaderValue } from './header-value.ts';

/** HTTP answers that tell nothing about the era: who is not let in, or finds nobody there, cannot know. */
const undecided: ReadonlySet<number> = new Set([401, 403, 429, 502, 503, 504]);

/** Errors that only a server of this era gives (header mismatch, missing client capability). */
const modernErrors: ReadonlySet<unknown> = new Set([-32020, -32021]);

export const modernClientCodec: ClientCodec = {
  async connect(send, self) {
    const { status, answer } = await send(
      { method: 'server/discover', paramsJson: withEnvelope('{}', 'none', self) },
      { 'mcp-protocol-version': modernVersion, 'mcp-method': 'server/discover' },
    );
    if (undecided.has(status)) {
      throw new GaugewayError('upstream_unreachable', `the upstream answered with HTTP ${status}`);
    }
    if (answer === undefined) return undefined;
    const content: unknown = JSON.parse(answer.json);
    if (!isRecord(content)) return undefined;
    if (answer.member === 'error') {
      if (modernErrors.has(content['code'])) {
        throw new GaugewayError(
          'upstream_invalid',
          `the upstream refused discovery: ${answer.json.slice(0, 300)}`,
        );
      }
      return undefined;
    }
    const { supportedVersions, capabilities, instructions } = content;
    if (!Array.isArray(supportedVersions) || !supportedVersions.includes(modernVersion)) return undefined;
    const meta = content['_meta'];
    const serverInfo = isRecord(meta) ? meta[serverInfoKey] : undefined;
    return {
      era: 'modern',
      protocolVersion: modernVersion,
      serverInfo: isRecord(serverInfo) ? serverInfo : {},
      capabilities: isRecord(capabilities) ? capabilities : {},
      ...(typeof instructions === 'string' ? { instructions } : {}),
    };
  },

  headers(peer, method, name) {
    const headers: Record<string, string> = {
      'mcp-protocol-version': peer.protocolVersion,
      'mcp-method': method,
    };
    if (name !== undefined) headers['mcp-name'] = encodeHeaderValue(name);
    return headers;
  },

  params: (paramsJson, meta, self) =>
    meta === 'envelope' ? paramsJson : withEnvelope(paramsJson, meta, self),

  forgotten: () => false,
};
