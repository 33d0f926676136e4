import { isRecord } from './record.ts';
import type { ServerAnswer } from './server-message.ts';

/** Longest text of a failure that is kept. */
const maxLength = 500;
/** Longest result, in characters, that is read for its text: a longer one would hold up other calls. */
const maxResultLength = 64 * 1024;

/** Why a call failed, for metrics: the error's message, or the text with which the tool failed; null on success. */
export function callFailure({ error, isError, json }: ServerAnswer): string | null {
  if (error === undefined && !isError) return null;
  const text = error === undefined ? toolFailure(json) : error.message;
  return typeof text === 'string' ? text.slice(0, maxLength) : 'failed without a reason';
}

function toolFailure(resultJson: string): unknown {
  if (resultJson.length > maxResultLength) return 'failed with a result too long to be looked through';
  const content: unknown = JSON.parse(resultJson);
  return isRecord(content) ? (content['message'] ?? firstText(content['content'])) : undefined;
}

function firstText(content: unknown): unknown {
  if (!Array.isArray(content)) return undefined;
  return content.find((item) => isRecord(item) && typeof item['text'] === 'string')?.text;
}
