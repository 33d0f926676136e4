import { GaugewayError } from '../../shared/errors.ts';
import { isObjectAt } from '../json-scan.ts';
import { insertMembers, valuesOf } from '../json-splice.ts';
import { isRecord } from '../record.ts';
import type { Implementation } from '../wire-codec.ts';

/** The one revision of this era so far. */
export const modernVersion = '2026-07-28';

export const protocolVersionKey = 'io.modelcontextprotocol/protocolVersion';
export const clientCapabilitiesKey = 'io.modelcontextprotocol/clientCapabilities';
export const clientInfoKey = 'io.modelcontextprotocol/clientInfo';
export const serverInfoKey = 'io.modelcontextprotocol/serverInfo';

/** Whether a `_meta` object claims this era, well-formed or not. */
export function claimsEnvelope(meta: Readonly<Record<string, unknown>> | undefined): boolean {
  return meta !== undefined && (protocolVersionKey in meta || clientCapabilitiesKey in meta);
}

/** The revision an envelope names. Throws GaugewayError invalid_params when a required key is missing or wrong. */
export function envelopeVersion(meta: Readonly<Record<string, unknown>> | undefined): string {
  const version = meta?.[protocolVersionKey];
  if (typeof version !== 'string') throw invalid(`_meta["${protocolVersionKey}"] must be a string`);
  if (!isRecord(meta?.[clientCapabilitiesKey])) {
    throw invalid(`_meta["${clientCapabilitiesKey}"] must be an object`);
  }
  const info = meta[clientInfoKey];
  if (info !== undefined && !isRecord(info)) throw invalid(`_meta["${clientInfoKey}"] must be an object`);
  return version;
}

/** JSON text of `params` with our own envelope put in; all else stays as it was. */
export function withEnvelope(paramsJson: string, meta: 'none' | 'other', self: Implementation): string {
  const members = envelopeMembers(self);
  if (meta === 'none') return insertMembers(paramsJson, 0, `"_meta":{${members}}`);
  const span = valuesOf(paramsJson, 0, '_meta').at(-1);
  if (span === undefined || !isObjectAt(paramsJson, span.start)) throw invalid('_meta must be an object');
  return insertMembers(paramsJson, span.start, members);
}

/** Serialised once: it is part of each call from a legacy client to a modern server. */
const serialised = new WeakMap<Implementation, string>();

function envelopeMembers(self: Implementation): string {
  const known = serialised.get(self);
  if (known !== undefined) return known;
  const envelope = {
    [protocolVersionKey]: modernVersion,
    [clientCapabilitiesKey]: {},
    [clientInfoKey]: self,
  };
  const members = JSON.stringify(envelope).slice(1, -1);
  serialised.set(self, members);
  return members;
}

function invalid(reason: string): GaugewayError {
  return new GaugewayError('invalid_params', `invalid envelope: ${reason}`);
}
