import type { LocustLogs } from '../../lab/load/web/locust-answers.ts';
import type { LoadStatsAnswer } from '../../lab/load/web/stats-answer.ts';

/** Fields of `POST /swarm` by their names there; a field may have several values. */
export type SwarmFields = Readonly<Record<string, string | readonly string[]>>;

/** Starts a test or edits the running one. Throws an Error that says why it cannot be. */
export async function swarm(fields: SwarmFields): Promise<void> {
  const body = new URLSearchParams();
  for (const [name, value] of Object.entries(fields)) {
    for (const each of typeof value === 'string' ? [value] : value) body.append(name, each);
  }
  const response = await ask('swarm', { method: 'POST', body });
  const answer: { success: boolean; message: string } = await response.json();
  if (!answer.success) throw new Error(answer.message);
}

export async function stopTest(): Promise<void> {
  await ask('stop');
}

export async function resetStatistics(): Promise<void> {
  await ask('stats/reset');
}

export async function fetchLogs(signal: AbortSignal): Promise<readonly string[]> {
  const answer: LocustLogs = await (await ask('logs', { signal })).json();
  return answer.master;
}

/** With the moments of the history after `sinceMs`. */
export async function fetchStats(sinceMs: number, signal: AbortSignal): Promise<LoadStatsAnswer> {
  const answer: LoadStatsAnswer = await (await ask(`stats/requests?since=${sinceMs}`, { signal })).json();
  return answer;
}

/** Paths are relative: the page may lie below a base path. Throws an Error with what the server said. */
async function ask(path: string, init: RequestInit = {}): Promise<Response> {
  const response = await fetch(path, init);
  if (response.ok) return response;
  if (response.status === 401) location.assign('login');
  const said = (await response.text()).trim();
  throw new Error(said === '' ? `the server answered ${response.status}` : said);
}
