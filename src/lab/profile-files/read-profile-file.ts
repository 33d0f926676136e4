import { open } from 'node:fs/promises';
import { basename } from 'node:path';
import { promisify } from 'node:util';
import { gunzip } from 'node:zlib';
import { GaugewayError, messageOf } from '../../shared/errors.ts';
import { hasErrorCode } from '../../shared/system-error.ts';
import { fromCpuProfile } from '../profile/from-cpuprofile.ts';
import { fromFlamegraphSvg } from '../profile/from-flamegraph-svg.ts';
import { fromFolded } from '../profile/from-folded.ts';
import { weighSamples } from '../profile/weigh-unit.ts';
import { fromHeapProfile } from '../profile/from-heapprofile.ts';
import { fromPageData } from '../profile/from-page-data.ts';
import { fromPerfScript } from '../profile/from-perf-script.ts';
import { fromPprof } from '../profile/from-pprof.ts';
import { fromSpeedscope } from '../profile/from-speedscope.ts';
import type { StackUnit } from '../profile/from-stacks.ts';
import { asSet, type ProfileSet } from '../profile/profile-set.ts';
import { unescapeXml } from '../profile/unescape-xml.ts';
import { numberOf, recordOf } from '../profile/untrusted.ts';
import { localSourceLines } from '../profilers/node/source-lines.ts';
import { readingFile } from '../reading-file.ts';

/** Of a file, and of what a compressed one holds: below what a string of V8 can hold. */
const mostBytes = 256 * 1024 * 1024;

export interface ReadProfileOptions {
  /** How many samples a second the values of a format stand for that does not tell it: folded stacks, drawings. */
  rateHz?: number;
}

/**
 * Reads a file of profiles in any of the formats that Gaugeway knows, by what is in it, compressed or not. Throws
 * GaugewayError source_unreadable, which names the file and says what is wrong.
 */
export async function readProfileFile(path: string, options: ReadProfileOptions = {}): Promise<ProfileSet> {
  const bytes = await readingFile(path, () => readBounded(path));
  return parseProfile(bytes, { name: basename(path), ...options });
}

async function readBounded(path: string): Promise<Buffer> {
  const file = await open(path);
  try {
    const { size } = await file.stat();
    if (size > mostBytes) throw tooLarge('it');
    // Not by its size: pipes and what is still written to have another one.
    const chunks: Buffer[] = [];
    let length = 0;
    for await (const chunk of file.createReadStream({ autoClose: false })) {
      const part = Buffer.from(chunk);
      length += part.length;
      if (length > mostBytes) throw tooLarge('it');
      chunks.push(part);
    }
    const bytes = Buffer.concat(chunks);
    return isGzip(bytes) ? await unpackGzip(bytes) : bytes;
  } finally {
    await file.close();
  }
}

const isGzip = (bytes: Uint8Array): boolean => bytes[0] === 0x1f && bytes[1] === 0x8b;

async function unpackGzip(bytes: Buffer): Promise<Buffer> {
  try {
    return await promisify(gunzip)(bytes, { maxOutputLength: mostBytes });
  } catch (cause) {
    if (hasErrorCode(cause, 'ERR_BUFFER_TOO_LARGE')) throw tooLarge('what it holds');
    throw cause;
  }
}

function tooLarge(what: string): GaugewayError {
  return new GaugewayError('source_unreadable', `${what} is larger than ${mostBytes / 1024 ** 2} MiB`);
}

/** A profile of the content of a file. Throws GaugewayError source_unreadable. */
function parseProfile(bytes: Buffer, { name, rateHz }: ReadProfileOptions & { name: string }): ProfileSet {
  const weigh: StackUnit | undefined = rateHz === undefined ? undefined : weighSamples(1e6 / rateHz);
  const given = { name, ...(weigh === undefined ? {} : { weigh }) };
  if (bytes.length === 0) throw new GaugewayError('source_unreadable', `${name} is empty`);
  if (bytes.subarray(0, 8).toString('latin1') === 'PERFILE2') {
    throw new GaugewayError(
      'source_unreadable',
      `${name} is a recording of perf: write its text with \`perf script -i ${name} > perf.txt\` and open that`,
    );
  }
  const text = textFrom(bytes);
  if (text === undefined) return fromPprof(bytes, { name });
  const start = text.slice(0, 1000).trimStart();
  // Names of frames may begin so, too: `<module>`, `[unknown]`.
  if (/^\{\s*"/.test(start)) return fromJson(parseJson(text, name), given);
  if (/^<(?:\?xml|!doctype|!--|html|svg)/i.test(start)) return fromMarkup(text, given);
  return looksLikePerf(text)
    ? fromPerfScript(text, { name, ...(rateHz === undefined ? {} : { intervalUs: 1e6 / rateHz }) })
    : fromFolded(text, given);
}

/** Undefined for what is no text: control characters or bytes that are not UTF-8. */
function textFrom(bytes: Buffer): string | undefined {
  const isBinary = bytes.subarray(0, 65_536).some((byte) => byte < 9 || (byte > 13 && byte < 27));
  if (isBinary) return undefined;
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch (error) {
    if (error instanceof TypeError) return undefined;
    throw error;
  }
}

function fromJson(document: unknown, given: { name: string; weigh?: StackUnit }): ProfileSet {
  const { name } = given;
  const record = recordOf(document);
  if (record?.['shared'] !== undefined && record['profiles'] !== undefined) {
    return fromSpeedscope(document, given);
  }
  if (record?.['head'] !== undefined) return asSet(fromHeapProfile(document, { name }));
  if (record?.['nodes'] !== undefined && record['timeDeltas'] !== undefined) {
    // Only our own count from the Unix epoch, V8's from the start of the machine.
    const startMs = record['gaugeway'] === undefined ? 0 : numberOf(record['startTime']) / 1000;
    return asSet(fromCpuProfile(document, { name, startMs, sourceLine: localSourceLines() }));
  }
  throw new GaugewayError(
    'source_unreadable',
    `${name} is JSON, but neither speedscope's nor V8's (.cpuprofile, .heapprofile)`,
  );
}

function fromMarkup(text: string, given: { name: string; weigh?: StackUnit }): ProfileSet {
  const { name } = given;
  const page = between(text, '<script type="application/json" id="profile-data">', '</script>');
  if (page !== undefined) return fromPageData(parseJson(page, name), { name });
  const drawing = between(text, '<metadata id="gaugeway-profile">', '</metadata>');
  if (drawing !== undefined) return fromPageData(parseJson(unescapeXml(drawing), name), { name });
  return fromFlamegraphSvg(text, given);
}

function between(text: string, opening: string, closing: string): string | undefined {
  const start = text.indexOf(opening);
  if (start < 0) return undefined;
  const end = text.indexOf(closing, start);
  return end < 0 ? undefined : text.slice(start + opening.length, end);
}

function parseJson(text: string, name: string): unknown {
  try {
    return JSON.parse(text);
  } catch (cause) {
    throw new GaugewayError(
      'source_unreadable',
      `${name} is broken JSON: ${messageOf(cause).slice(0, 120)}`,
      {
        cause,
      },
    );
  }
}

/** A call line of perf below a head with a time; folded stacks are never indented. */
function looksLikePerf(text: string): boolean {
  return /^[^\n]{1,300}\d+\.\d{1,9}: [^\n]{0,300}\n\s+[\da-f]{1,16} /m.test(text.slice(0, 65_536));
}
