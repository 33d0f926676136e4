import { isRecord } from './record.ts';
import type { ServerAnswer } from './server-message.ts';

/** Longest text of a failure that is kept. */
const maxLength = 500;

/** Why a call failed, for metrics: the error's message, or the text with which the tool failed; null on success. */
export function callFailure(answer: ServerAnswer): string | null {
  if (answer.member === 'result' && !answer.isError) return null;
  const content: unknown = JSON.parse(answer.json);
  const text = isRecord(content) ? (content['message'] ?? firstText(content['content'])) : undefined;
  return typeof text === 'string' ? text.slice(0, maxLength) : `failed without a reason`;
}

function firstText(content: unknown): unknown {
  if (!Array.isArray(content)) return undefined;
  return content.find((item) => isRecord(item) && typeof item['text'] === 'string')?.text;
}
