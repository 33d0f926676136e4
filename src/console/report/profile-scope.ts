import type { ReportProfile } from '../../lab/report/report-profiles.ts';

/** What can be shown together: one process, or all replicas of a role. */
export interface ProfileScope {
  /** The target, or `all gateway`. */
  id: string;
  title: string;
  profiles: ReportProfile[];
}

/** The processes of a run that were profiled, role by role, the gateway first, and replicas together before each alone. */
export function profileScopes(profiles: readonly ReportProfile[]): ProfileScope[] {
  const byRole = [...Map.groupBy(profiles, ({ role }) => role ?? 'gateway')];
  return byRole
    .toSorted(([a], [b]) => Number(b === 'gateway') - Number(a === 'gateway'))
    .flatMap(([role, ofRole]) => {
      const alone = [...Map.groupBy(ofRole, ({ target }) => target)].map(([target, ofTarget]) => ({
        id: target,
        title: target,
        profiles: ofTarget,
      }));
      if (alone.length < 2) return alone;
      const title = `all ${alone.length} ${role} processes, merged`;
      return [{ id: `all ${role}`, title, profiles: ofRole }, ...alone];
    });
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
