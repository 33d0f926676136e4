import { messageOf } from './errors.ts';

/**
 * The message of a failure that comes from outside: the network, a server, the file system. Throws what is a mistake in
 * the program itself, which must not look like a server that is down.
 */
export function outsideMessage(error: unknown): string {
  const mistakes = [TypeError, ReferenceError, RangeError, SyntaxError, URIError, EvalError];
  if (!(error instanceof Error) || mistakes.some((mistake) => error instanceof mistake)) throw error;
  return messageOf(error);
}
