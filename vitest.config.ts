import { defineConfig } from 'vitest/config';

export default defineConfig({
  test: {
    include: ['test/**/*.test.ts', 'src/**/*.test.ts'],
    globalSetup: ['test/support/global-setup.ts'],
    reporters: ['default', './test/support/skip-reporter.ts', './test/support/retry-reporter.ts'],
    // The machines of continuous integration are shared: one more try, which the reporter names. Here there is none.
    retry: process.env['CI'] === 'true' ? 1 : 0,
    pool: 'forks',
    // More than cores: most of the tests wait, for windows of a second and for servers that start.
    maxWorkers: 3,
    testTimeout: 30_000,
    hookTimeout: 60_000,
  },
});
