import type { StackDescription } from '../shared/stack-description.ts';

/** A stack that was brought up here. `stop` ends every process of it, in order, and never rejects. */
export interface RunningStack extends AsyncDisposable {
  readonly description: StackDescription;
  stop(): Promise<void>;
}
