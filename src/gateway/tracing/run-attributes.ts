import { ownText } from './recorded-span.ts';

const runKeys: ReadonlySet<string> = new Set(['gaugeway.run_id', 'gaugeway.scenario', 'gaugeway.step']);

/** What the baggage of a load says of itself, so that a trace leads to the run that caused it; empty for any other. */
export function runAttributes(baggage: string | undefined): Record<string, string> {
  const attributes: Record<string, string> = {};
  if (baggage === undefined) return attributes;
  for (const member of baggage.split(',')) {
    const [pair = ''] = member.split(';');
    const at = pair.indexOf('=');
    const key = pair.slice(0, at).trim();
    if (at > 0 && runKeys.has(key)) attributes[key] = ownText(decoded(pair.slice(at + 1).trim()));
  }
  return attributes;
}

/** As it came, when it is not percent-encoded text. */
function decoded(value: string): string {
  try {
    return decodeURIComponent(value);
  } catch (error) {
    if (error instanceof URIError) return value;
    throw error;
  }
}
