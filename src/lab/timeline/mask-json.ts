import { isSecretName, maskSecrets } from '../../shared/mask-secrets.ts';

/**
 * Serialises `value` with secrets hidden in every string, key and secret-named field. Text masking after
 * serialisation could cut through an escape and leave invalid JSON; this never does.
 */
export function toMaskedJson(value: unknown, indent?: number): string {
  return JSON.stringify(masked(value), undefined, indent);
}

/** Samples repeat names and statements each second: masking them anew took a sixth of what a session costs. */
const known = new Map<string, string>();
const mostKnown = 2000;
const longestKnown = 4000;

function maskedText(text: string): string {
  const before = known.get(text);
  if (before !== undefined) return before;
  const hidden = maskSecrets(text);
  if (text.length > longestKnown) return hidden;
  if (known.size >= mostKnown) known.clear();
  known.set(text, hidden);
  return hidden;
}

function masked(value: unknown): unknown {
  if (typeof value === 'string') return maskedText(value);
  if (typeof value !== 'object' || value === null) return value;
  if (Array.isArray(value)) return typeof value[0] === 'number' ? value : value.map(masked);
  // The class's own toJSON (sketches, dates) decides its shape, as JSON.stringify would have it.
  if ('toJSON' in value && typeof value.toJSON === 'function') return masked(value.toJSON());
  return Object.fromEntries(
    Object.entries(value).map(([key, field]) => [
      maskedText(key),
      isSecretName(key) && typeof field === 'string' ? '***' : masked(field),
    ]),
  );
}
