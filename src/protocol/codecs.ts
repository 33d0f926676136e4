import { GaugewayError } from '../shared/errors.ts';
import { legacyCodec } from './legacy/legacy-codec.ts';
import { modernCodec } from './modern/modern-codec.ts';
import type { ClientMessage } from './client-message.ts';
import type { ServerCodec, WireCodec, WireHeaders } from './wire-codec.ts';

/** The eras that are spoken, newest first: the order in which a server is probed and a message is classified. */
export const codecs: readonly WireCodec[] = [modernCodec, legacyCodec];

/** The era of a client's message. Throws GaugewayError unsupported_protocol_version when no era takes it. */
export function serverCodecFor(headers: WireHeaders, message: ClientMessage): ServerCodec {
  for (const { server } of codecs) {
    if (server.claims(headers, message)) return server;
  }
  throw new GaugewayError('unsupported_protocol_version', 'no protocol era served here takes this message');
}
