import { randomBytes } from 'node:crypto';
import { isDeepStrictEqual } from 'node:util';
import { nowMs } from '../../../shared/clock.ts';
import { GaugewayError, messageOf } from '../../../shared/errors.ts';
import type { Logger } from '../../../shared/logger.ts';
import { durationText, withWait } from '../load-model.ts';
import { refuseRemote } from '../refuse-remote.ts';
import { createLoadPlan, loadPlanDefaults, scenarioNamesOf } from '../load-plan.ts';
import type { LoadPlan } from '../load-plan.ts';
import { startLoad } from '../load-process.ts';
import type { LoadHandle } from '../load-process.ts';
import type { LoadStatistics } from '../load-statistics.ts';
import { OfferedScenarios } from './offered-scenarios.ts';
import { generatorState, toLocustWorker } from './generator-state.ts';
import type { GeneratorState } from './generator-state.ts';
import { HistoryCsv } from './history-csv.ts';
import { keepSecrets } from './kept-secrets.ts';
import { LoadRecording } from './load-recording.ts';
import { ExceptionList } from './exception-list.ts';
import { toLocustTasks } from './locust-answers.ts';
import type { LocustException, LocustTasks } from './locust-answers.ts';
import { toLocustStats } from './locust-stats.ts';
import type { LoadState, LocustWorker } from './locust-stats.ts';
import { LogLines } from './log-lines.ts';
import { settingsText } from './settings-text.ts';
import type { LoadStatsAnswer, LoadTestDetails } from './stats-answer.ts';
import type { LoadSettings, SwarmRequest } from './swarm-request.ts';
import type { UserClassEdit } from './user-class-edit.ts';

export interface LoadTestOptions {
  /** Everything that a request to start does not say. */
  defaults: Partial<LoadPlan>;
  /** The token, and scenarios that hold secrets, go to this host only, whatever host a request names. */
  defaultHost: string | undefined;
  /** What the page offers as run time. */
  runTimeMs?: number;
  /** Whether hosts that are not this machine may be loaded. */
  allowRemote: boolean;
  logger: Logger;
}

/** What is new: a line of the log alone, or anything that the figures and the state of the test are made of. */
export type Change = 'figures' | 'log';

/** One load test that a person starts, edits while it runs, stops and starts again. */
export class LoadTest {
  readonly history = new HistoryCsv();
  /** Tells this server's tests from those of one that ran on the port before. */
  readonly serverId = randomBytes(4).toString('hex');
  /** What the page shows of the log. */
  readonly log: LogLines;
  readonly #recording = new LoadRecording();
  readonly #options: LoadTestOptions;
  #state: LoadState = 'ready';
  #load: LoadHandle | undefined;
  /** Whether the load that runs has its users from stages, which no edit changes. */
  #followsStages = false;
  #pids: readonly number[] = [];
  #host: string;
  #runTimer: NodeJS.Timeout | undefined;
  #endsAtMs: number | null = null;
  #testNumber = 0;
  #users: number;
  #spawnRate: number;
  readonly #offered: OfferedScenarios;
  #scenarios: LoadPlan['scenarios'];
  #error: string | null = null;
  readonly #exceptions = new ExceptionList();
  #settings: LoadSettings;
  readonly #listeners = new Set<(change: Change) => void>();

  constructor(options: LoadTestOptions) {
    this.#options = options;
    this.log = new LogLines(options.logger, () => this.#changed('log'));
    this.#host = options.defaultHost ?? '';
    this.#users = options.defaults.users ?? loadPlanDefaults.users;
    this.#spawnRate = options.defaults.spawnRate ?? loadPlanDefaults.spawnRate;
    this.#offered = new OfferedScenarios(options.defaults.scenarios);
    this.#scenarios = this.#offered.first;
    this.#settings = settingsOf(options.defaults);
  }

  /** Calls `listener` whenever there is something new to see. */
  onChange(listener: (change: Change) => void): void {
    this.#listeners.add(listener);
  }

  #changed(change: Change = 'figures'): void {
    for (const listener of this.#listeners) listener(change);
  }

  get state(): LoadState {
    return this.#state;
  }

  get statistics(): LoadStatistics {
    return this.#recording.statistics;
  }

  /** As asked for last. */
  get host(): string {
    return this.#host;
  }

  /** What the code of a scenario threw, and what ended the test from within. */
  get exceptions(): LocustException[] {
    return this.#exceptions.list;
  }

  get tasks(): LocustTasks {
    const users = this.#load === undefined ? 0 : this.statistics.users;
    return toLocustTasks(this.#scenarios, this.#recording.plan, users);
  }

  /** When the last moment of the history ended, or 0. */
  get lastMomentMs(): number {
    return this.#recording.lastMomentMs;
  }

  /** Of the last test that was started, of this server alone. */
  get testId(): string {
    return `${this.serverId}-${this.#testNumber}`;
  }

  /** The generator processes of the last test, as they were last. */
  get generators(): GeneratorState[] {
    const { generators } = this.#recording;
    return this.#pids.map((pid) => generatorState(pid, this.#state, generators.get(pid) ?? []));
  }

  /** Those that run, as Locust shows its workers. */
  get workers(): LocustWorker[] {
    return this.#load === undefined ? [] : this.generators.map(toLocustWorker);
  }

  /** All figures; of the history, what came after `sinceMs`, the time of the last moment that the caller has. */
  answer(sinceMs: number): LoadStatsAnswer {
    return {
      ...toLocustStats(this.statistics, this.#state, this.workers),
      gaugeway: this.details(sinceMs),
    };
  }

  details(sinceMs: number): LoadTestDetails {
    const { runTimeMs } = this.#options;
    return {
      ...this.#recording.figures(sinceMs),
      testNumber: this.#testNumber,
      testId: this.testId,
      host: this.#host,
      users: this.#users,
      spawnRate: this.#spawnRate,
      runTime: runTimeMs === undefined ? '' : durationText(runTimeMs),
      endsAtMs: this.#endsAtMs,
      chosenScenarios: this.#scenarios.map(({ scenario }) => scenario.name),
      scenarios: this.#offered.list,
      settings: settingsText(this.#settings),
      error: this.#error,
      exceptions: this.exceptions,
      generators: this.generators,
    };
  }

  /** Starts a load, or changes the users of the one that runs. Throws GaugewayError when it cannot be. */
  async swarm(request: SwarmRequest): Promise<{ host: string }> {
    const host = (request.host ?? this.#host).replace(/\/+$/, '');
    if (this.#state === 'stopping') throw new GaugewayError('conflict', 'the test is being stopped');
    const starts = this.#load === undefined;
    if (this.#load === undefined) await this.#start(request, host);
    else this.#edit(this.#load, request, host);
    // While a target is asked what it has, a later request may have changed the test.
    const isOutdated = starts && this.#endsAtMs !== null;
    if (request.runTimeMs !== undefined && this.#load !== undefined && !isOutdated) {
      clearTimeout(this.#runTimer);
      this.#runTimer = setTimeout(() => void this.stop(), request.runTimeMs);
      this.#endsAtMs = nowMs() + request.runTimeMs;
    }
    this.#changed();
    return { host };
  }

  /**
   * Changes what the next test begins with. Throws GaugewayError `not_found` for a scenario that there is not, `conflict`
   * for what the running test does not have, `unprocessable` for tasks that are not all of the scenario's.
   */
  editUserClass({ scenario, host, tasks, weight }: UserClassEdit): void {
    const { weight: oldWeight, tasks: known } = this.#offered.find(scenario);
    if (tasks !== undefined && !known.every((name) => tasks.includes(name))) {
      throw new GaugewayError('unprocessable', `tasks: a scenario runs all of its own: ${known.join(', ')}`);
    }
    const wanted = host?.replace(/\/+$/, '') ?? this.#host;
    const isRunning = this.#load !== undefined;
    if (isRunning && (wanted !== this.#host || (weight !== undefined && weight !== oldWeight))) {
      throw new GaugewayError('conflict', 'a test runs: stop it first');
    }
    if (host !== undefined)
      refuseRemote(createLoadPlan({ targetUrl: wanted }).targetUrl, this.#options.allowRemote);
    this.#host = wanted;
    if (weight !== undefined) {
      this.#offered.setWeight(scenario, weight);
      this.#scenarios = this.#offered.choose(this.#scenarios.map((each) => each.scenario.name));
    }
    this.#changed();
  }

  /** Ends the users; figures stay. */
  async stop(): Promise<void> {
    clearTimeout(this.#runTimer);
    if (this.#load === undefined) return;
    this.#state = 'stopping';
    this.#changed();
    await this.#load.stop();
  }

  /** Forgets figures, failures and exceptions; charts and the file of history go on. */
  resetStatistics(): void {
    this.statistics.reset();
    this.#exceptions.clear();
    this.#changed();
  }

  async #start(request: SwarmRequest, host: string): Promise<void> {
    const { defaults, defaultHost, allowRemote } = this.#options;
    const { token, ...settings } = defaults;
    const chosen =
      request.scenarios === undefined ? this.#scenarios : this.#offered.choose(request.scenarios);
    const asked = { ...settingsOf(defaults), ...request.settings };
    const plan = createLoadPlan({
      ...settings,
      ...asked,
      ...(token !== undefined && host === defaultHost ? { token } : {}),
      scenarios: withWait(chosen, asked.wait),
      users: request.users,
      spawnRate: request.spawnRate,
      targetUrl: host,
    });
    refuseRemote(plan.targetUrl, allowRemote);
    keepSecrets(chosen, host, defaultHost);
    this.#recording.clear();
    this.history.clear();
    this.#exceptions.clear();
    this.#testNumber += 1;
    this.#error = null;
    this.#host = host;
    this.#scenarios = chosen;
    this.#settings = asked;
    this.#endsAtMs = null;
    this.#users = request.users;
    this.#spawnRate = request.spawnRate;
    const { logger } = this.log;
    const { users, spawnRate } = plan;
    logger.info('the test starts', { host, users, spawnRate, scenario: scenarioNamesOf(plan) });
    const load = startLoad(plan, {
      logger,
      onSample: (sample, atMs) => {
        this.#recording.add(sample, atMs);
        this.history.add(this.statistics, atMs);
        this.#changed();
      },
      onException: (exception) => this.#exceptions.add(exception),
      onRamped: () => {
        logger.info('all users asked for are running');
        if (this.#state === 'spawning') this.#state = 'running';
        this.#changed();
      },
    });
    this.#load = load;
    this.#followsStages = plan.executor.kind === 'staged-users';
    this.#pids = load.pids;
    this.#state = 'spawning';
    this.#changed();
    load.finished.then(
      () => this.#ended(null),
      (error: unknown) => this.#ended(error),
    );
    const summary = await load.planned;
    this.#recording.plan = summary;
    this.#changed();
    for (const { name, reason } of summary.leftOut) logger.warn('left out of the load', { name, reason });
  }

  #edit(load: LoadHandle, { users, spawnRate, scenarios, settings }: SwarmRequest, host: string): void {
    if (host !== this.#host) {
      throw new GaugewayError('conflict', `the test runs against ${this.#host}: stop it first`);
    }
    if (this.#followsStages) {
      throw new GaugewayError('conflict', 'its users follow stages: stop it first');
    }
    const running = this.#scenarios.map(({ scenario }) => scenario.name);
    if (scenarios !== undefined && scenarios.toSorted().join() !== running.toSorted().join()) {
      throw new GaugewayError('conflict', `the test runs ${running.join(', ')}: stop it first`);
    }
    if (!isDeepStrictEqual({ ...this.#settings, ...settings }, this.#settings)) {
      throw new GaugewayError(
        'conflict',
        'a test that runs keeps its think time, rates, era and timeout: stop it first',
      );
    }
    this.#state = 'spawning';
    this.log.logger.info('the test is changed', { users, spawnRate });
    this.#users = users;
    this.#spawnRate = spawnRate;
    load.setUsers(users, spawnRate);
  }

  /** `error` is what ended the load by itself, or null. */
  #ended(error: unknown): void {
    clearTimeout(this.#runTimer);
    this.#load = undefined;
    this.#state = 'stopped';
    this.#endsAtMs = null;
    this.#error = error === null ? null : messageOf(error);
    if (error === null) {
      this.log.logger.info('the test has ended', { requests: this.statistics.total.requests });
    } else {
      this.log.logger.error('the test ended by itself', { error: messageOf(error) });
      this.#exceptions.addError(error);
    }
    this.#changed();
  }
}

/** Those that the command was started with. */
function settingsOf({ executor, wait, era, requestTimeoutMs }: Partial<LoadPlan>): LoadSettings {
  return {
    ...(executor === undefined ? {} : { executor }),
    ...(wait === undefined ? {} : { wait }),
    era: era ?? loadPlanDefaults.era,
    requestTimeoutMs: requestTimeoutMs ?? loadPlanDefaults.requestTimeoutMs,
  };
}
