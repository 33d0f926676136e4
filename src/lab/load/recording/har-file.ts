import { readFile, stat } from 'node:fs/promises';
import { z } from 'zod';
import { GaugewayError, messageOf } from '../../../shared/errors.ts';
import { parseJson } from '../parse-json.ts';

const maxFileBytes = 64 * 1024 * 1024;
const maxEntries = 50_000;

/** One request of a recording with its answer. */
export interface Exchange {
  startMs: number;
  endMs: number;
  method: string;
  url: URL;
  /** By lower-case name; of several with one name the last. */
  headers: ReadonlyMap<string, string>;
  body: SentBody | undefined;
  /** 0 where there was no answer. */
  status: number;
  answer: { mimeType: string; text: string | undefined };
  /** What the browser wanted it for: `fetch`, `image`, …; Chrome says so. */
  resourceType: string | undefined;
  fromCache: boolean;
}

export interface SentBody {
  mimeType: string;
  /** Undefined where the recording does not hold it as text. */
  text: string | undefined;
  /** The fields of a form, where the recording cut it. */
  fields: readonly { name: string; value: string; isFile: boolean }[] | undefined;
}

const headers = z.array(z.object({ name: z.string(), value: z.string() })).catch([]);
const text = z.string().nullish().catch(null);

/** HAR 1.2 (W3C draft of the Web Performance Working Group) as far as it is needed; browsers leave out what they like. */
const entrySchema = z.object({
  startedDateTime: z.string(),
  time: z.number().catch(0),
  _resourceType: text,
  _fromCache: text,
  request: z.object({
    method: z.string().regex(/^[A-Za-z]{1,20}$/),
    url: z.string(),
    headers,
    postData: z
      .object({
        mimeType: z.string().catch(''),
        text,
        encoding: text,
        params: z
          .array(z.object({ name: z.string(), value: text, fileName: text }))
          .nullish()
          .catch(null),
      })
      .nullish(),
  }),
  response: z
    .object({
      status: z.number().catch(0),
      content: z.object({ mimeType: z.string().catch(''), text, encoding: text }).nullish(),
    })
    .nullish(),
});

const harSchema = z.object({ log: z.object({ entries: z.array(z.unknown()).max(maxEntries) }) });

/**
 * Reads a HAR file of a browser's developer tools, in the order in which its requests began; `unreadable` counts the
 * entries that are none. Throws GaugewayError usage.
 */
export async function readHar(file: string): Promise<{ exchanges: Exchange[]; unreadable: number }> {
  const parsed = harSchema.safeParse(parseJson(await readBounded(file)));
  if (!parsed.success) {
    throw new GaugewayError(
      'usage',
      `${file} is no HAR file of up to ${maxEntries} requests: it needs log.entries (save it from the network tab of a browser)`,
      { cause: parsed.error },
    );
  }
  const { entries } = parsed.data.log;
  const exchanges = entries.map(readEntry).filter((exchange) => exchange !== undefined);
  return {
    exchanges: exchanges.toSorted((a, b) => a.startMs - b.startMs),
    unreadable: entries.length - exchanges.length,
  };
}

async function readBounded(file: string): Promise<string> {
  try {
    const { size } = await stat(file);
    if (size > maxFileBytes) throw new GaugewayError('usage', `it is over ${maxFileBytes} bytes`);
    // Some tools begin it with a byte order mark.
    return (await readFile(file, 'utf8')).replace(/^\uFEFF/, '');
  } catch (cause) {
    throw new GaugewayError('usage', `${file}: ${messageOf(cause)}`, { cause });
  }
}

function readEntry(value: unknown): Exchange | undefined {
  const parsed = entrySchema.safeParse(value);
  if (!parsed.success) return undefined;
  const { request, response, startedDateTime, time, _resourceType, _fromCache } = parsed.data;
  const startMs = Date.parse(startedDateTime);
  const url = URL.parse(request.url);
  if (url === null || Number.isNaN(startMs)) return undefined;
  const { content } = response ?? {};
  return {
    startMs,
    endMs: startMs + Math.max(0, time),
    method: request.method.toUpperCase(),
    url,
    headers: new Map(request.headers.map(({ name, value: given }) => [name.toLowerCase(), given])),
    body: readBody(request.postData),
    status: response?.status ?? 0,
    answer: {
      mimeType: essence(content?.mimeType ?? ''),
      text: content?.encoding === 'base64' ? decoded(content.text) : (content?.text ?? undefined),
    },
    resourceType: _resourceType ?? undefined,
    fromCache: _fromCache !== null && _fromCache !== undefined,
  };
}

function readBody(postData: z.output<typeof entrySchema>['request']['postData']): SentBody | undefined {
  if (postData === null || postData === undefined) return undefined;
  const { mimeType, text: sent, params, encoding } = postData;
  const isText = encoding === null || encoding === undefined;
  const fields = params?.map(({ name, value, fileName }) => ({
    name,
    value: value ?? '',
    isFile: typeof fileName === 'string' && fileName !== '',
  }));
  const isEmpty = (sent ?? '') === '' && (fields ?? []).length === 0;
  if (isEmpty && isText && mimeType === '') return undefined;
  return {
    mimeType,
    text: isText ? (sent ?? undefined) : undefined,
    fields: fields === undefined || fields.length === 0 ? undefined : fields,
  };
}

function decoded(base64: string | null | undefined): string | undefined {
  return typeof base64 === 'string' ? Buffer.from(base64, 'base64').toString('utf8') : undefined;
}

/** A media type without its parameters. */
export function essence(mimeType: string): string {
  return mimeType.split(';', 1)[0]?.trim().toLowerCase() ?? '';
}
