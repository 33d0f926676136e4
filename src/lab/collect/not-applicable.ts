import { GaugewayError } from '../../shared/errors.ts';

/** A source that what is watched does not have, e.g. the inspector of a process that is not Node: nobody can mend that. */
export class NotApplicableError extends GaugewayError {
  constructor(message: string) {
    super('usage', message);
    this.name = 'NotApplicableError';
  }
}
