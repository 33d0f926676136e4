import { readProcFile } from '../../../shared/proc-files.ts';

/** Where Node opens its inspector when nothing else was said. */
const defaultInspectorPort = 9229;

/** How a process was told to debug. */
export interface InspectorOptions {
  /** Where the inspector opens on SIGUSR1; 0 when it takes any free port. */
  port: number;
  /** The process was started with an inspector, maybe on a port of its own choice. */
  startedWithInspector: boolean;
}

/** Options of Node that take the next word as their value when they have none of their own (`node --help`). */
const valueOptions = new Set(
  `-C -e -p -pe -r --allow-fs-read --allow-fs-write --build-sea --build-snapshot-config --conditions --cpu-prof-dir
  --cpu-prof-interval --cpu-prof-name --debug-port --diagnostic-dir --disable-proto --disable-warning --dns-result-order
  --env-file --env-file-if-exists --eval --experimental-config-file --experimental-loader --experimental-sea-config
  --heap-prof-dir --heap-prof-interval --heap-prof-name --heapsnapshot-near-heap-limit --heapsnapshot-signal
  --icu-data-dir --import --input-type --inspect-port --inspect-publish-uid --loader --localstorage-file
  --max-http-header-size --network-family-autoselection-attempt-timeout --openssl-config --print --redirect-warnings
  --report-dir --report-directory --report-filename --report-signal --require --run --secure-heap --secure-heap-min
  --snapshot-blob --stack-trace-limit --test-concurrency --test-coverage-branches --test-coverage-exclude
  --test-coverage-functions --test-coverage-include --test-coverage-lines --test-global-setup --test-isolation
  --test-name-pattern --test-random-seed --test-reporter --test-reporter-destination --test-rerun-failures --test-shard
  --test-skip-pattern --test-timeout --title --tls-cipher-list --tls-keylog --trace-event-categories
  --trace-event-file-pattern --trace-require-module --unhandled-rejections --use-largepages --v8-pool-size
  --watch-kill-signal --watch-path`.split(/\s+/),
);

/** Reads Node's options from the command line and NODE_OPTIONS of a process. */
export async function inspectorOptionsOf(pid: number): Promise<InspectorOptions> {
  const [commandLine, environment] = await Promise.all([
    readProcFile(pid, 'cmdline'),
    readProcFile(pid, 'environ'),
  ]);
  const variable = environment.split('\0').find((entry) => entry.startsWith('NODE_OPTIONS=')) ?? '';
  return parseInspectorOptions(variable.slice('NODE_OPTIONS='.length).split(' '), commandLine.split('\0'));
}

/** The words of NODE_OPTIONS, and those of a command line, its program first. */
export function parseInspectorOptions(
  variable: readonly string[],
  commandLine: readonly string[],
): InspectorOptions {
  // The command line comes last, as it wins over the environment.
  const words = [...variable, ...optionsInFrontOfScript(commandLine.slice(1))];
  const options = { port: defaultInspectorPort, startedWithInspector: false };
  for (const [at, word] of words.entries()) {
    const [, name, value] = /^--((?:inspect|debug)(?:-brk|-wait|-port)?)(?:=(.*))?$/.exec(word) ?? [];
    if (name === undefined) continue;
    const isPort = name.endsWith('-port');
    if (!isPort) options.startedWithInspector = true;
    // Only --inspect-port takes the next word as its value.
    const given = value ?? (isPort ? words[at + 1] : undefined);
    const port = Number(given?.replace(/^.*:/, ''));
    if (given !== undefined && Number.isInteger(port)) options.port = port;
  }
  return options;
}

/** What follows are the script and its own options, which may have the same names. */
function optionsInFrontOfScript(words: readonly string[]): readonly string[] {
  let at = 0;
  for (let word = words[at]; word?.startsWith('-') && !/^--?$/.test(word); word = words[at]) {
    at += valueOptions.has(word) ? 2 : 1;
  }
  return words.slice(0, at);
}
