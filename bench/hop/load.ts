import { Pool } from 'undici';
import type { Dispatcher } from 'undici';

/** One request, sent over and over. */
export interface Shot {
  readonly url: URL;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}

/** Sends `count` times, `concurrency` at once over as many kept connections. Rejects at the first answer without `expected`. */
export async function fire(
  pool: Pool,
  shot: Shot,
  count: number,
  concurrency: number,
  expected: string,
): Promise<void> {
  let left = count;
  const runs = Array.from({ length: concurrency }, async () => {
    while (left > 0) {
      left -= 1;
      const answer = await send(pool, shot);
      if (!answer.includes(expected)) throw new Error(`${shot.url.href} answered ${answer.slice(0, 300)}`);
    }
  });
  await Promise.all(runs);
}

/** One POST over the pool; resolves with status line and body text. */
export function send(pool: Pool, shot: Shot): Promise<string> {
  return new Promise((resolve, reject) => {
    const handler: Dispatcher.DispatchHandler = {
      onRequestStart: () => undefined,
      onResponseStart(_controller, status, headers) {
        text = `${status} ${String(headers['mcp-session-id'] ?? '')}\n`;
      },
      onResponseData(_controller, chunk) {
        text += chunk.toString();
      },
      onResponseEnd: () => resolve(text),
      onResponseError: (_controller, error) => reject(error),
    };
    let text = '';
    pool.dispatch(
      { path: shot.url.pathname, method: 'POST', headers: shot.headers, body: shot.body },
      handler,
    );
  });
}
