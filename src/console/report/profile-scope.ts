import type { ReportProfile } from '../../lab/report/report-profiles.ts';

/** What can be shown together: one process, or all replicas of a role. */
export interface ProfileScope {
  /** The target, or `all gateway`. */
  id: string;
  title: string;
  profiles: ReportProfile[];
}

/** The processes of a run that were profiled, replicas of a role together before them. */
export function profileScopes(profiles: readonly ReportProfile[]): ProfileScope[] {
  const byTarget = Map.groupBy(profiles, ({ target }) => target);
  const byRole = Map.groupBy(profiles, ({ role }) => role ?? 'gateway');
  const replicas = [...byRole].flatMap(([role, ofRole]) => {
    const count = new Set(ofRole.map(({ target }) => target)).size;
    return count < 2
      ? []
      : [{ id: `all ${role}`, title: `all ${count} ${role} processes, merged`, profiles: ofRole }];
  });
  return [
    ...replicas,
    ...[...byTarget].map(([target, ofTarget]) => ({ id: target, title: target, profiles: ofTarget })),
  ];
}

/** Threads by name, the main one first. */
export function threadsOf(profiles: readonly ReportProfile[]): string[] {
  const names = new Set(profiles.map(({ thread = 'main' }) => thread));
  return [...names].toSorted(
    (a, b) => Number(b === 'main') - Number(a === 'main') || a.localeCompare(b, 'en', { numeric: true }),
  );
}

/** Windows of time, each once however many processes and threads were profiled in it. */
export function windowSpans(profiles: readonly ReportProfile[]): { startMs: number; endMs: number }[] {
  const spans = profiles.toSorted((a, b) => a.startMs - b.startMs || a.endMs - b.endMs);
  const apart: { startMs: number; endMs: number }[] = [];
  for (const { startMs, endMs } of spans) {
    const last = apart.at(-1);
    // Replicas begin their windows within a moment of each other.
    if (last === undefined || startMs - last.startMs > (last.endMs - last.startMs) / 2) {
      apart.push({ startMs, endMs });
    }
  }
  return apart;
}
