import { GaugewayError } from '../../shared/errors.ts';

/** Each refusal may be an error in the log of what is watched, and what it does not have does not come by asking. */
const retryMs = 60_000;

/** A source that answers, and refuses: it is not opened again before `retryAfterMs` have passed. */
export class RefusedError extends GaugewayError {
  readonly retryAfterMs = retryMs;

  constructor(message: string) {
    super('source_unreadable', message);
    this.name = 'RefusedError';
  }
}
