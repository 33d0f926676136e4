/** Revisions of the legacy era that are spoken, newest first. */
export const legacyVersions = ['2025-11-25', '2025-06-18', '2025-03-26', '2024-11-05'] as const;
export const latestLegacyVersion = legacyVersions[0];

export function isLegacyVersion(version: unknown): version is (typeof legacyVersions)[number] {
  return legacyVersions.some((known) => known === version);
}
