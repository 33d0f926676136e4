import type { LoadUser } from '../load-user.ts';
import type { ProcessShare } from '../process-share.ts';
import type { WindowRecorder } from '../window-recorder.ts';

/** What an executor is given by the engine. */
export interface ExecutorContext {
  recorder: WindowRecorder;
  /** Users and arrivals are those of all processes; this executor takes its share of them. */
  share: ProcessShare;
  /** A further user, with its own connection state and its own random draws. */
  createUser(): LoadUser;
  /**
   * Each time that every user asked for is there. Resolves to the moment (performance.now) from which arrivals count:
   * the same in every process, when the users of all of them are there for the first time.
   */
  onRamped(): Promise<number>;
}

/** Lets users begin their tasks. */
export interface Executor {
  /** Users that there are now. */
  readonly users: number;
  /**
   * Begins, or changes the number of users of all processes while it runs: `spawnRate` per second are added. One whose
   * users follow stages changes nothing, and then never tells that it has ramped: it is not to be asked.
   */
  setUsers(users: number, spawnRate: number): void;
  /** Begins no further task; what is in flight ends on its own. */
  stop(): void;
  /** Resolves when nothing runs any more, after `stop` or at the end of the plan; rejects on a fault of ours. */
  readonly ended: Promise<void>;
}
