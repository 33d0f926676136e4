import type { Recording } from '../lab/cpu/record.ts';
import { recordingDocument, recordingLines } from '../lab/cpu/recording-document.ts';
import { fileOfProcess } from '../lab/cpu/recording-files.ts';
import { recordingCost, recordingFacts, recordingSet } from '../lab/cpu/recording-set.ts';
import { writeProfileFile } from '../lab/profile-files/write-profile-file.ts';
import { toMaskedJson } from '../lab/timeline/mask-json.ts';
import { GaugewayError } from '../shared/errors.ts';
import { maskSecrets } from '../shared/mask-secrets.ts';

/** Where a recording goes, and how it was taken. */
export interface RecordingOutput {
  files: string[];
  perProcess: boolean;
  threads: boolean;
  rate: number;
  json: boolean;
  /** CPU time of the profiling. */
  cpuMs: number;
  /** What happened to the processes. */
  notes: string[];
  /** Of the summary. */
  stream: NodeJS.WriteStream;
}

const functionsShown = 10;

/** Writes the files of a recording and says what is in them. Throws GaugewayError source_unreadable when nothing was profiled. */
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
  for (const path of output.files) {
    const files = output.perProcess
      ? profiled.map((each) => ({ path: fileOfProcess(path, each.process.pid), set: setOf([each]) }))
      : [{ path, set: setOf(profiled) }];
    for (const { path: file, set } of files) {
      await writeProfileFile(file, set);
      written.push(file);
    }
  }
  const document = recordingDocument(
    { ...recording, processes: profiled },
    { rateHz: output.rate, cost, files: written, notes: output.notes, top: functionsShown },
  );
  const { stream } = output;
  const layout = {
    columns: stream.isTTY ? stream.columns : 80,
    color: stream.isTTY && process.env['NO_COLOR'] === undefined,
  };
  const text = output.json
    ? toMaskedJson(document, 2)
    : recordingLines(document, facts, layout).map(maskSecrets).join('\n');
  stream.write(`${text}\n`);
}
