import type { Recording } from '../lab/cpu/record.ts';
import { recordingDocument, recordingLines } from '../lab/cpu/recording-document.ts';
import { fileOfProcess, usualRecordingFile } from '../lab/cpu/recording-files.ts';
import { recordingSeries } from '../lab/cpu/recording-series.ts';
import { recordingCost, recordingFacts, recordingSet } from '../lab/cpu/recording-set.ts';
import { writeProfileFile } from '../lab/profile-files/write-profile-file.ts';
import { type PushedProfiles, pushProfiles } from '../lab/pyroscope/push-profiles.ts';
import type { PyroscopeServer } from '../lab/pyroscope/pyroscope-server.ts';
import { toMaskedJson } from '../lab/timeline/mask-json.ts';
import { GaugewayError } from '../shared/errors.ts';
import { maskSecrets } from '../shared/mask-secrets.ts';
import { pushedLine } from './pyroscope-options.ts';

/** Where a recording goes, and how it was taken. */
export interface RecordingOutput {
  files: string[];
  /** Where it is pushed to, beside the files. */
  server: PyroscopeServer | undefined;
  perProcess: boolean;
  threads: boolean;
  rate: number;
  /** Threads that wait count, too: what was taken is not CPU time. */
  idle: boolean;
  json: boolean;
  /** CPU time of the profiling. */
  cpuMs: number;
  /** What happened to the processes. */
  notes: string[];
  /** Of the summary. */
  stream: NodeJS.WriteStream;
}

const functionsShown = 10;

/**
 * Writes the files of a recording, pushes it and says what is in it. Throws GaugewayError source_unreadable when nothing
 * was profiled; unavailable when it could not be pushed, once it has been written and told.
 */
export async function presentRecording(recording: Recording, output: RecordingOutput): Promise<void> {
  const profiled = recording.processes.filter(({ threads }) => threads.length > 0);
  if (profiled.length === 0) {
    const why = output.notes.length === 0 ? '' : `: ${output.notes.join('; ')}`;
    throw new GaugewayError('source_unreadable', `nothing was profiled${why}`);
  }
  const cost = recordingCost(recording, output.cpuMs);
  const facts = recordingFacts(recording, { rateHz: output.rate, cost });
  const setOf = (processes: Recording['processes']): ReturnType<typeof recordingSet> =>
    recordingSet(processes, { byThread: output.threads, facts });
  const written: string[] = [];
  const write = async (path: string): Promise<void> => {
    const files = output.perProcess
      ? profiled.map((each) => ({ path: fileOfProcess(path, each.process.pid), set: setOf([each]) }))
      : [{ path, set: setOf(profiled) }];
    for (const { path: file, set } of files) {
      await writeProfileFile(file, set);
      written.push(file);
    }
  };
  for (const path of output.files) await write(path);
  const push = await pushed(profiled, facts, output);
  const notes = [...output.notes];
  if (push?.fault !== undefined && written.length === 0) {
    // What could not be pushed must not be lost.
    try {
      await write(usualRecordingFile(profiled[0]?.process.pid ?? 0, new Date(recording.endMs)));
    } catch (error) {
      if (!(error instanceof GaugewayError)) throw error;
      notes.push(error.message);
    }
  }
  const told = push?.done === undefined ? [] : [pushedLine(push.done)];
  const document = recordingDocument(
    { ...recording, processes: profiled },
    {
      rateHz: output.rate,
      idle: output.idle,
      cost,
      files: written,
      pushed: push?.done ?? null,
      notes,
      top: functionsShown,
    },
  );
  const { stream } = output;
  const layout = {
    columns: stream.isTTY ? stream.columns : 80,
    color: stream.isTTY && process.env['NO_COLOR'] === undefined,
  };
  const text = output.json
    ? toMaskedJson(document, 2)
    : [...recordingLines(document, facts, layout), ...told].map(maskSecrets).join('\n');
  stream.write(`${text}\n`);
  if (push?.fault !== undefined) throw withKeptFiles(push.fault, written);
}

/** A push that failed, and where the profile is nevertheless. */
function withKeptFiles(fault: GaugewayError, files: readonly string[]): GaugewayError {
  const kept = files.length === 0 ? 'it could not be kept either' : `it is kept in ${files.join(', ')}`;
  return new GaugewayError(fault.code, `${fault.message}; ${kept}`, { cause: fault });
}

/** What became of the push; undefined where none was asked for. */
async function pushed(
  processes: Recording['processes'],
  facts: string[],
  { server, threads: byThread, idle, rate }: RecordingOutput,
): Promise<{ done?: PushedProfiles; fault?: GaugewayError } | undefined> {
  if (server === undefined) return undefined;
  try {
    const series = recordingSeries(processes, { byThread, facts });
    return { done: await pushProfiles(server, series, { weight: idle ? 'wall' : 'cpu', rateHz: rate }) };
  } catch (fault) {
    if (fault instanceof GaugewayError) return { fault };
    throw fault;
  }
}
