import { GaugewayError } from '../../shared/errors.ts';
import { labAgentHeader } from '../../shared/lab-agent.ts';
import type { Collector, CollectorSink } from './collector.ts';
import { parsePrometheusText } from './prometheus-text.ts';
import { RefusedError } from './refused-error.ts';

const timeoutMs = 2000;
/** Statuses that may be others a moment later: of time limits, and of too many requests. */
const passing = new Set([408, 429, 504]);
const maxBodyBytes = 4 * 1024 * 1024;

/** Reads `<gatewayUrl>/metrics/prometheus` each second, with the gateway's bearer token when there is one. */
export class PrometheusCollector implements Collector {
  readonly source = 'prometheus';
  readonly target: string;
  readonly everyMs = 1000;
  readonly #headers: Record<string, string>;

  constructor(gatewayUrl: string, token: string | undefined) {
    this.target = `${gatewayUrl.replace(/\/+$/, '')}/metrics/prometheus`;
    this.#headers = {
      ...labAgentHeader,
      accept: 'text/plain',
      ...(token ? { authorization: `Bearer ${token}` } : {}),
    };
  }

  async open(signal: AbortSignal): Promise<void> {
    await this.#read(signal);
  }

  async sample(sink: CollectorSink): Promise<void> {
    const startedMs = performance.now();
    const metrics = parsePrometheusText(await this.#read());
    sink.sample('prometheus', this.target, performance.now() - startedMs, { metrics });
  }

  async close(): Promise<void> {}

  async #read(signal?: AbortSignal): Promise<string> {
    const timeout = AbortSignal.timeout(timeoutMs);
    try {
      const response = await fetch(this.target, {
        headers: this.#headers,
        redirect: 'error',
        signal: signal ? AbortSignal.any([signal, timeout]) : timeout,
      });
      if (!response.ok) {
        await response.body?.cancel();
        const message = `${this.target} answered with status ${response.status}${response.status === 401 ? ': a token that may read metrics is needed' : ''}`;
        throw passing.has(response.status)
          ? new GaugewayError('source_unreadable', message)
          : new RefusedError(message);
      }
      return await readBounded(response);
    } catch (error) {
      if (error instanceof GaugewayError) throw error;
      const cause = error instanceof Error && error.cause instanceof Error ? error.cause : error;
      throw new GaugewayError(
        'source_unreadable',
        `${this.target} cannot be read: ${cause instanceof Error ? cause.message : String(cause)}`,
        { cause: error },
      );
    }
  }
}

async function readBounded(response: Response): Promise<string> {
  const chunks: Uint8Array[] = [];
  let bytes = 0;
  for await (const chunk of response.body ?? []) {
    bytes += chunk.byteLength;
    if (bytes > maxBodyBytes) {
      throw new GaugewayError('source_unreadable', `${response.url} is larger than ${maxBodyBytes} bytes`);
    }
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString('utf8');
}
