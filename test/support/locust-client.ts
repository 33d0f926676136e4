/** A client of Locust's web API that knows nothing of the server it talks to. */
export class LocustClient {
  readonly #url: string;

  constructor(url: string) {
    this.#url = url;
  }

  async getJson(path: string): Promise<unknown> {
    return (await fetch(`${this.#url}${path}`)).json();
  }

  async swarm(fields: Record<string, string>): Promise<unknown> {
    const init = { method: 'POST', body: new URLSearchParams(fields) };
    return (await fetch(`${this.#url}/swarm`, init)).json();
  }

  async getText(path: string): Promise<{ status: number; type: string; text: string }> {
    const response = await fetch(`${this.#url}${path}`);
    return { status: response.status, type: typeOf(response), text: await response.text() };
  }

  async head(path: string): Promise<{ status: number; type: string; length: number }> {
    const response = await fetch(`${this.#url}${path}`, { method: 'HEAD' });
    return { status: response.status, type: typeOf(response), length: (await response.text()).length };
  }

  /** A download of a table: its name without the time, its head and its rows by the names of the head. */
  async getCsv(path: string): Promise<CsvDownload> {
    const response = await fetch(`${this.#url}${path}`);
    const [, file = ''] =
      /^attachment; ?filename=(.+)$/.exec(response.headers.get('content-disposition') ?? '') ?? [];
    const [header = [], ...records] = parseCsv(await response.text());
    const rows = records.map((record) =>
      Object.fromEntries(header.map((name, at) => [name, record[at] ?? ''])),
    );
    return { file: file.replace(/\d+(\.\d+)?/, 'TIME'), type: typeOf(response), header, rows };
  }
}

export interface CsvDownload {
  file: string;
  type: string;
  header: string[];
  rows: Record<string, string>[];
}

function typeOf(response: Response): string {
  return (response.headers.get('content-type') ?? '').split(';')[0] ?? '';
}

/** RFC 4180, as a spreadsheet reads it. */
export function parseCsv(text: string): string[][] {
  const rows: string[][] = [];
  let row: string[] = [];
  for (const [, quoted, plain = '', end = ''] of text.matchAll(
    /(?:"((?:[^"]|"")*)"|([^",\r\n]*))(,|\r?\n|$)/g,
  )) {
    if (end === '' && quoted === undefined && plain === '' && row.length === 0) break;
    row.push(quoted?.replaceAll('""', '"') ?? plain);
    if (end === ',') continue;
    rows.push(row);
    row = [];
  }
  return rows;
}

/**
 * Every place in a JSON value with the type of what is there: `stats[].name: string`. The elements of an array
 * share their places, and so do the entries of objects whose keys are names (`named`).
 */
export function shapeOf(value: unknown, named: readonly string[] = [], at = ''): Set<string> {
  if (Array.isArray(value)) {
    return union(
      `${at}: array`,
      value.map((element) => shapeOf(element, named, `${at}[]`)),
    );
  }
  if (typeof value !== 'object' || value === null)
    return new Set([`${at}: ${value === null ? 'null' : typeof value}`]);
  const isNamed = named.some((name) => at === name || at.endsWith(`.${name}`));
  const children = Object.entries(value).map(([key, child]) =>
    shapeOf(child, named, `${at}.${isNamed ? '*' : key}`),
  );
  return union(`${at}: object`, children);
}

function union(own: string, children: readonly Set<string>[]): Set<string> {
  return new Set([own, ...children.flatMap((child) => [...child])]);
}
