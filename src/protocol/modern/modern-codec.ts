import type { WireCodec } from '../wire-codec.ts';
import { modernClientCodec } from './client-codec.ts';
import { modernServerCodec } from './server-codec.ts';

export const modernCodec: WireCodec = { era: 'modern', server: modernServerCodec, client: modernClientCodec };
