/** Sources whose absence makes a run worthless when they were asked for: the session ends instead of guessing. */
export const requiredSources: readonly string[] = ['postgres', 'process', 'container'];
