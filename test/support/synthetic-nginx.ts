import type { ArtifactSlots } from '../../src/lab/diagnose/artifacts.ts';
import type { AccessLogSample, NginxSample } from '../../src/lab/timeline/samples/nginx-sample.ts';
import { AccessWindow } from '../../src/lab/nginx/access-window.ts';

/** A second of an access log: so many requests to each upstream, which took so long in all and so long there. */
export function accessSecond(
  upstreams: Readonly<Record<string, number>>,
  times: { requestMs: number; upstreamMs: number },
): AccessLogSample {
  const window = new AccessWindow();
  const [rt, urt] = [times.requestMs, times.upstreamMs].map((ms) => (ms / 1000).toFixed(3));
  for (const [address, count] of Object.entries(upstreams)) {
    for (let at = 0; at < count; at += 1) {
      window.add(
        `1.2.3.4 - - [28/Nov/2026:01:00:00 +0000] "GET / HTTP/1.1" 200 5 "-" "-" rt=${rt} urt="${urt}" ua="${address}" us="200"`,
      );
    }
  }
  return window.sample(1000);
}

/** Replicas that get as much as each other, and hardly any time that is nginx' own. */
export const healthyAccess = accessSecond({ 'a:1': 30, 'b:1': 30 }, { requestMs: 5, upstreamMs: 4 });

/** `stub_status` after so many seconds of sixty requests each. */
export function nginxSample(second: number, dropped = 0): NginxSample {
  return {
    active: 10,
    reading: 0,
    writing: 2,
    waiting: 8,
    accepts: second * 10,
    handled: second * 10 - dropped,
    requests: second * 60,
  };
}

/** The run with nginx before the gateway, a sample a second; `accepts` and `handled` are those of `stub_status` by then. */
export function withNginx(
  run: ArtifactSlots,
  sampleAt: (second: number) => AccessLogSample,
  droppedBy: (second: number) => number = () => 0,
): ArtifactSlots {
  const seconds = Array.from({ length: 19 }, (_, at) => at + 1);
  const access = seconds.map((second) => ({ atMs: second * 1000, data: sampleAt(second) }));
  const status = seconds.map((second) => ({
    atMs: second * 1000,
    data: nginxSample(second, droppedBy(second)),
  }));
  return {
    ...run,
    'access-log': { status: 'ok', value: new Map([['access.log', access]]) },
    nginx: { status: 'ok', value: new Map([['http://127.0.0.1/nginx_status', status]]) },
  };
}
