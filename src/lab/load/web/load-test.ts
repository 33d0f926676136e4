import { GaugewayError, messageOf } from '../../../shared/errors.ts';
import type { Logger } from '../../../shared/logger.ts';
import { refuseRemote } from '../refuse-remote.ts';
import { createLoadPlan, loadPlanDefaults, scenarioNamesOf } from '../load-plan.ts';
import type { LoadPlan } from '../load-plan.ts';
import { startLoad } from '../load-process.ts';
import type { LoadHandle } from '../load-process.ts';
import type { LoadStatistics } from '../load-statistics.ts';
import { OfferedScenarios } from './offered-scenarios.ts';
import { HistoryCsv } from './history-csv.ts';
import { LoadRecording } from './load-recording.ts';
import { ExceptionList } from './exception-list.ts';
import { toLocustTasks } from './locust-answers.ts';
import type { LocustException, LocustTasks } from './locust-answers.ts';
import { toLocustStats } from './locust-stats.ts';
import type { LoadState, LocustWorker } from './locust-stats.ts';
import { LogLines } from './log-lines.ts';
import type { LoadStatsAnswer, LoadTestDetails } from './stats-answer.ts';
import type { SwarmRequest } from './swarm-request.ts';

export interface LoadTestOptions {
  /** Everything that a request to start does not say. */
  defaults: Partial<LoadPlan>;
  /** The token goes to this host only, whatever host a request names. */
  defaultHost: string | undefined;
  /** Whether hosts that are not this machine may be loaded. */
  allowRemote: boolean;
  logger: Logger;
}

/** One load test that a person starts, edits while it runs, stops and starts again. */
export class LoadTest {
  readonly history = new HistoryCsv();
  readonly #recording = new LoadRecording();
  readonly #options: LoadTestOptions;
  readonly #log: LogLines;
  #state: LoadState = 'ready';
  #load: LoadHandle | undefined;
  #host: string;
  #runTimer: NodeJS.Timeout | undefined;
  #testNumber = 0;
  #users: number;
  #spawnRate: number;
  readonly #offered: OfferedScenarios;
  #scenarios: LoadPlan['scenarios'];
  #error: string | null = null;
  readonly #exceptions = new ExceptionList();

  constructor(options: LoadTestOptions) {
    this.#options = options;
    this.#log = new LogLines(options.logger);
    this.#host = options.defaultHost ?? '';
    this.#users = options.defaults.users ?? loadPlanDefaults.users;
    this.#spawnRate = options.defaults.spawnRate ?? loadPlanDefaults.spawnRate;
    this.#offered = new OfferedScenarios(options.defaults.scenarios);
    this.#scenarios = this.#offered.first;
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

  get logLines(): readonly string[] {
    return this.#log.lines;
  }

  get tasks(): LocustTasks {
    const users = this.#load === undefined ? 0 : this.statistics.users;
    return toLocustTasks(this.#scenarios, this.#recording.plan, users);
  }

  /** The generator's processes while there are any, as Locust shows workers; figures are those of the last second. */
  get workers(): LocustWorker[] {
    const told = new Map(this.#recording.generators.map((vitals) => [vitals.pid, vitals]));
    return (this.#load?.pids ?? []).map((pid) => {
      const vitals = told.get(pid);
      return {
        id: `generator-${pid}`,
        state: this.#state,
        user_count: vitals?.users ?? 0,
        cpu_usage: vitals?.cpuPercent ?? 0,
        memory_usage: vitals?.rssBytes ?? 0,
      };
    });
  }

  /** All figures; of the history, what came after `sinceMs`, the time of the last moment that the caller has. */
  answer(sinceMs: number): LoadStatsAnswer {
    return {
      ...toLocustStats(this.statistics, this.#state, this.workers),
      gaugeway: this.details(sinceMs),
    };
  }

  details(sinceMs: number): LoadTestDetails {
    return {
      ...this.#recording.figures(sinceMs),
      testNumber: this.#testNumber,
      host: this.#host,
      users: this.#users,
      spawnRate: this.#spawnRate,
      chosenScenarios: this.#scenarios.map(({ scenario }) => scenario.name),
      scenarios: this.#offered.names,
      error: this.#error,
      exceptions: this.exceptions,
    };
  }

  /** Starts a load, or changes the users of the one that runs. Throws GaugewayError when it cannot be. */
  async swarm(request: SwarmRequest): Promise<{ host: string }> {
    const host = (request.host ?? this.#host).replace(/\/+$/, '');
    if (this.#state === 'stopping') throw new GaugewayError('conflict', 'the test is being stopped');
    if (this.#load === undefined) await this.#start(request, host);
    else this.#edit(this.#load, request, host);
    this.#users = request.users;
    this.#spawnRate = request.spawnRate;
    clearTimeout(this.#runTimer);
    if (request.runTimeMs !== undefined) {
      this.#runTimer = setTimeout(() => void this.stop(), request.runTimeMs);
    }
    return { host };
  }

  /** Ends the users; figures stay. */
  async stop(): Promise<void> {
    clearTimeout(this.#runTimer);
    if (this.#load === undefined) return;
    this.#state = 'stopping';
    await this.#load.stop();
  }

  /** Forgets figures, failures and exceptions; charts and the file of history go on. */
  resetStatistics(): void {
    this.statistics.reset();
    this.#exceptions.clear();
  }

  async #start(request: SwarmRequest, host: string): Promise<void> {
    const { defaults, defaultHost, allowRemote } = this.#options;
    const { token, ...settings } = defaults;
    const plan = createLoadPlan({
      ...settings,
      ...(token !== undefined && host === defaultHost ? { token } : {}),
      scenarios: request.scenarios === undefined ? this.#scenarios : this.#offered.choose(request.scenarios),
      users: request.users,
      spawnRate: request.spawnRate,
      targetUrl: host,
    });
    refuseRemote(plan.targetUrl, allowRemote);
    this.#recording.clear();
    this.history.clear();
    this.#exceptions.clear();
    this.#testNumber += 1;
    this.#error = null;
    this.#host = host;
    this.#scenarios = plan.scenarios;
    const { logger } = this.#log;
    const { users, spawnRate } = plan;
    logger.info('the test starts', { host, users, spawnRate, scenario: scenarioNamesOf(plan) });
    const load = startLoad(plan, {
      logger,
      onSample: (sample, atMs) => {
        this.#recording.add(sample, atMs);
        this.history.add(this.statistics, atMs);
      },
      onException: (exception) => this.#exceptions.add(exception),
      onRamped: () => {
        logger.info('all users asked for are running');
        if (this.#state === 'spawning') this.#state = 'running';
      },
    });
    this.#load = load;
    this.#state = 'spawning';
    load.finished.then(
      () => this.#ended(null),
      (error: unknown) => this.#ended(error),
    );
    const summary = await load.planned;
    this.#recording.plan = summary;
    for (const { name, reason } of summary.leftOut) logger.warn('left out of the load', { name, reason });
  }

  #edit(load: LoadHandle, { users, spawnRate, scenarios }: SwarmRequest, host: string): void {
    if (host !== this.#host) {
      throw new GaugewayError('conflict', `the test runs against ${this.#host}: stop it first`);
    }
    const running = this.#scenarios.map(({ scenario }) => scenario.name);
    if (scenarios !== undefined && scenarios.toSorted().join() !== running.toSorted().join()) {
      throw new GaugewayError('conflict', `the test runs ${running.join(', ')}: stop it first`);
    }
    this.#state = 'spawning';
    this.#log.logger.info('the test is changed', { users, spawnRate });
    load.setUsers(users, spawnRate);
  }

  /** `error` is what ended the load by itself, or null. */
  #ended(error: unknown): void {
    clearTimeout(this.#runTimer);
    this.#load = undefined;
    this.#state = 'stopped';
    this.#error = error === null ? null : messageOf(error);
    if (error === null) {
      this.#log.logger.info('the test has ended', { requests: this.statistics.total.requests });
      return;
    }
    this.#log.logger.error('the test ended by itself', { error: messageOf(error) });
    this.#exceptions.addError(error);
  }
}
