import { GaugewayError } from '../../shared/errors.ts';
import { isRecord } from '../record.ts';
import type { ClientCodec, Peer } from '../wire-codec.ts';
import { isLegacyVersion, latestLegacyVersion } from './versions.ts';

export const legacyClientCodec: ClientCodec = {
  async connect(send, self) {
    const paramsJson = JSON.stringify({
      protocolVersion: latestLegacyVersion,
      capabilities: {},
      clientInfo: self,
    });
    const { status, sessionId, answer } = await send({ method: 'initialize', paramsJson }, {});
    if (answer === undefined) {
      throw new GaugewayError('upstream_invalid', `the upstream answered initialize with HTTP ${status}`);
    }
    if (answer.member === 'error') {
      throw new GaugewayError(
        'upstream_invalid',
        `the upstream refused initialize: ${answer.json.slice(0, 300)}`,
      );
    }
    const result: unknown = JSON.parse(answer.json);
    const version = isRecord(result) ? result['protocolVersion'] : undefined;
    if (!isRecord(result) || !isLegacyVersion(version)) {
      throw new GaugewayError(
        'upstream_invalid',
        'the upstream speaks no protocol revision that is known here',
      );
    }
    const { serverInfo, capabilities, instructions } = result;
    const peer: Peer = {
      era: 'legacy',
      protocolVersion: version,
      // A server that keeps no sessions mints no id.
      ...(sessionId === undefined ? {} : { sessionId }),
      serverInfo: isRecord(serverInfo) ? serverInfo : {},
      capabilities: isRecord(capabilities) ? capabilities : {},
      ...(typeof instructions === 'string' ? { instructions } : {}),
    };
    await send(
      { method: 'notifications/initialized', paramsJson: '{}', notification: true },
      legacyClientCodec.headers(peer, 'notifications/initialized', undefined),
    );
    return peer;
  },

  headers(peer) {
    const headers: Record<string, string> = { 'mcp-protocol-version': peer.protocolVersion };
    if (peer.sessionId !== undefined) headers['mcp-session-id'] = peer.sessionId;
    return headers;
  },

  params: (paramsJson) => paramsJson,

  // 404 is what the specification says; 400 without our id is what servers built on older SDK examples answer.
  forgotten: (peer, status, answeredUs) =>
    peer.sessionId !== undefined && (status === 404 || (status === 400 && !answeredUs)),
};
