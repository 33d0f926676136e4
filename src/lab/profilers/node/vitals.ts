/** What a process says about itself since it was last asked. Delays are nanoseconds, with the histogram's own resolution in them. */
export interface RawVitals {
  delayP50Ns: number;
  delayP99Ns: number;
  delayMaxNs: number;
  utilization: number;
  gcCount: number;
  gcMs: number;
  heapUsedBytes: number;
  /** What C++ objects hold for JavaScript, array buffers among it. */
  externalBytes: number;
  arrayBuffersBytes: number;
  activeResources: number;
}

/**
 * The answer of everything that runs in the process: an error is data, as nothing may be thrown in there. `closes`: the
 * inspector does, in a moment.
 */
export type InjectedReply = { value: RawVitals | null; closes?: boolean } | { error: string };

export interface VitalsOptions {
  /** Names this attachment among those that watch the process at the same time. */
  session: string;
  /** The inspector was opened for this attachment, and closes with the last one. */
  ownsInspector: boolean;
  resolutionMs: number;
  /** The inspector took any free port, which Node remembers: what it is to forget that for, 0. */
  debugPort?: number;
  /** An attachment that was not heard of for so long is taken for dead, and all of it is undone from within. */
  abandonedAfterMs: number;
}

/**
 * Runs inside the watched process, as text: it may use nothing but Node's globals, must not throw, and keeps no
 * process alive. Everything hangs on one Symbol, so that it can be found again and taken away without a trace. It
 * takes itself away, inspector and all, when the lab that installed it was killed.
 */
export function installVitals(options: VitalsOptions): InjectedReply {
  try {
    const key = Symbol.for('gaugeway.lab');
    const hooks = process.getBuiltinModule?.('node:perf_hooks');
    if (hooks === undefined) return { error: `Node 20.16 or newer is needed, this is ${process.version}` };
    const { PerformanceObserver, monitorEventLoopDelay, performance } = hooks;

    class Watch {
      seenMs = performance.now();
      utilization = performance.eventLoopUtilization();
      delay = monitorEventLoopDelay({ resolution: options.resolutionMs });
      gcCount = 0;
      gcMs = 0;
      observer = new PerformanceObserver((list) => {
        for (const { duration } of list.getEntries()) {
          this.gcCount += 1;
          this.gcMs += duration;
        }
      });

      start(): void {
        this.delay.enable();
        this.observer.observe({ entryTypes: ['gc'] });
      }

      sample(): RawVitals {
        this.seenMs = performance.now();
        const utilization = performance.eventLoopUtilization();
        const memory = process.memoryUsage();
        const vitals = {
          delayP50Ns: this.delay.percentile(50),
          delayP99Ns: this.delay.percentile(99),
          delayMaxNs: this.delay.max,
          utilization: performance.eventLoopUtilization(utilization, this.utilization).utilization,
          gcCount: this.gcCount,
          gcMs: this.gcMs,
          heapUsedBytes: memory.heapUsed,
          externalBytes: memory.external,
          arrayBuffersBytes: memory.arrayBuffers,
          activeResources: process.getActiveResourcesInfo().length,
        };
        this.utilization = utilization;
        this.delay.reset();
        this.gcCount = 0;
        this.gcMs = 0;
        return vitals;
      }

      stop(): void {
        this.delay.disable();
        this.observer.disconnect();
      }
    }

    class Registry {
      ownsInspector = false;
      watches = new Map<string, Watch>();
      watchdog = setInterval(() => this.endAbandoned(), options.abandonedAfterMs / 4);

      sample(session: string): InjectedReply {
        try {
          const watch = this.watches.get(session);
          return watch === undefined ? { error: 'not installed' } : { value: watch.sample() };
        } catch (error) {
          return { error: String(error) };
        }
      }

      /** The lab lives, though it asks for nothing. */
      keep(session: string): InjectedReply {
        try {
          const watch = this.watches.get(session);
          if (watch === undefined) return { error: 'not installed' };
          watch.seenMs = performance.now();
          return { value: null };
        } catch (error) {
          return { error: String(error) };
        }
      }

      end(session: string): InjectedReply {
        try {
          this.watches.get(session)?.stop();
          this.watches.delete(session);
          const isLast = this.watches.size === 0;
          if (isLast) this.endAll();
          return { value: null, closes: isLast && this.ownsInspector };
        } catch (error) {
          return { error: String(error) };
        }
      }

      endAbandoned(): void {
        for (const [session, { seenMs }] of this.watches) {
          if (performance.now() - seenMs > options.abandonedAfterMs) this.end(session);
        }
      }

      endAll(): void {
        clearInterval(this.watchdog);
        Reflect.deleteProperty(globalThis, key);
        // Later, so that this answer still gets out.
        if (this.ownsInspector) setTimeout(() => this.endInspector(), 100).unref();
      }

      endInspector(): void {
        try {
          // A lab that has attached meanwhile uses it, and closes it when it leaves.
          const next: Registry | undefined = Reflect.get(globalThis, key);
          if (next !== undefined) {
            next.ownsInspector = true;
            return;
          }
          const debugEnd: unknown = Reflect.get(process, '_debugEnd');
          if (typeof debugEnd === 'function') Reflect.apply(debugEnd, process, []);
        } catch (error) {
          process.emitWarning(`gaugeway lab: ${String(error)}`);
        }
      }
    }

    const existing: Registry | undefined = Reflect.get(globalThis, key);
    const registry = existing ?? new Registry();
    registry.watchdog.unref();
    registry.ownsInspector ||= options.ownsInspector;
    Object.defineProperty(globalThis, key, { value: registry, configurable: true, enumerable: false });
    const watch = new Watch();
    registry.watches.set(options.session, watch);
    watch.start();
    if (options.debugPort !== undefined) process.debugPort = options.debugPort;
    return { value: null };
  } catch (error) {
    return { error: String(error) };
  }
}

/** Expressions for the process, whole in themselves. */
export const injected = {
  install: (options: VitalsOptions): string => `(${String(installVitals)})(${JSON.stringify(options)})`,
  sample: (session: string): string => call('sample', session),
  keep: (session: string): string => call('keep', session),
  end: (session: string): string => call('end', session),
  /** The time on V8's clock. */
  clock: (): string => timed(''),
  /** Profiles overlap under their titles; the inspector's own console, as the program may have replaced the global one. */
  profile: (title: string): string => inspectorConsole('profile', title),
  profileEnd: (title: string): string => inspectorConsole('profileEnd', title),
  /** Null for a Node that has what the rest of these need, or else its version. */
  tooOld: (): string => "typeof process.getBuiltinModule === 'function' ? null : process.version",
  /** Frees the well-known port for the next process: the inspector comes back on a free one, and the next time on its own. */
  movePort: (): string =>
    later(
      "const i = process.getBuiltinModule('node:inspector'), port = process.debugPort; i.close(); i.open(0, '127.0.0.1'); process.debugPort = port;",
    ),
  /** For an inspector that was opened in vain, on any free port maybe. */
  endInspector: ({ onAnyPort } = { onAnyPort: false }): string =>
    later(`process._debugEnd();${onAnyPort ? ' process.debugPort = 0;' : ''}`),
  /** The same of one that opened late: a lab that has attached to it meanwhile closes it when it leaves. */
  endLateInspector: (): string =>
    later(
      "const lab = globalThis[Symbol.for('gaugeway.lab')]; if (lab) lab.ownsInspector = true; else process._debugEnd();",
    ),
};

/** What went wrong in the process, of the answer to one of these expressions; undefined when nothing did. */
export function injectedError(reply: unknown): string | undefined {
  if (typeof reply !== 'object' || reply === null) return 'it gave no answer';
  return 'error' in reply ? String(reply.error) : undefined;
}

function call(method: 'sample' | 'keep' | 'end', session: string): string {
  return `(() => {
    try {
      const registry = globalThis[Symbol.for('gaugeway.lab')];
      return registry ? registry.${method}(${JSON.stringify(session)}) : { error: 'not installed' };
    } catch (error) {
      return { error: String(error) };
    }
  })()`;
}

function inspectorConsole(method: 'profile' | 'profileEnd', title: string): string {
  return timed(`process.getBuiltinModule('node:inspector').console.${method}(${JSON.stringify(title)});`);
}

/** V8 notes when it begins and ends a profile before it does the work for that. The clock is that of `hrtime`. */
function timed(statements: string): string {
  return `(() => {
    try {
      const atMs = Number(process.hrtime.bigint()) / 1e6;
      ${statements}
      return { atMs };
    } catch (error) {
      return { error: String(error) };
    }
  })()`;
}

/** After the lab has left, which takes a moment; a failure becomes a warning of the process, never its end. */
function later(statements: string): string {
  return `void setTimeout(() => {
    try { ${statements} } catch (error) { process.emitWarning('gaugeway lab: ' + String(error)); }
  }, 100).unref()`;
}
