import type { Entry, Har } from 'har-format';

/** One recorded request, as short as a test can say it. */
export interface HarRequest {
  method?: string;
  url: string;
  headers?: Readonly<Record<string, string>>;
  /** JSON unless `type` says otherwise. */
  body?: unknown;
  type?: string;
  status?: number;
  /** JSON unless `answerType` says otherwise. */
  answer?: unknown;
  answerType?: string;
  /** When it began and how long it took, in milliseconds. */
  atMs?: number;
  tookMs?: number;
  more?: Partial<Entry>;
}

/** A HAR 1.2 file as a browser saves it. */
export function harOf(requests: readonly HarRequest[]): Har {
  return {
    log: {
      version: '1.2',
      creator: { name: 'test', version: '1' },
      pages: [],
      entries: requests.map(entryOf),
    },
  };
}

function entryOf(request: HarRequest, index: number): Entry {
  const { method = 'GET', url, headers = {}, body, status = 200, answer, tookMs = 10 } = request;
  const {
    type = 'application/json',
    answerType = 'application/json',
    atMs = index * 10,
    more = {},
  } = request;
  const shared = { httpVersion: 'HTTP/1.1', cookies: [], headersSize: -1, bodySize: -1 };
  return {
    startedDateTime: new Date(Date.UTC(2026, 0, 15) + atMs).toISOString(),
    time: tookMs,
    request: {
      ...shared,
      method,
      url,
      queryString: [],
      headers: Object.entries(headers).map(([name, value]) => ({ name, value })),
      ...(body === undefined ? {} : { postData: { mimeType: type, text: textOf(body) } }),
    },
    response: {
      ...shared,
      status,
      statusText: '',
      headers: [],
      redirectURL: '',
      content: {
        size: -1,
        mimeType: answerType,
        ...(answer === undefined ? {} : { text: textOf(answer) }),
      },
    },
    cache: {},
    timings: { wait: tookMs, receive: 0 },
    ...more,
  };
}

function textOf(body: unknown): string {
  return typeof body === 'string' ? body : JSON.stringify(body);
}
