import type { WireCodec } from '../wire-codec.ts';
import { legacyClientCodec } from './client-codec.ts';
import { legacyServerCodec } from './server-codec.ts';

export const legacyCodec: WireCodec = { era: 'legacy', server: legacyServerCodec, client: legacyClientCodec };
