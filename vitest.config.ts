import { join } from 'node:path';
import { defineConfig } from 'vitest/config';
import { LongestFirst } from './test/support/longest-first.ts';

/**
 * They judge what a load did to a stack, and hold a rule against it that a machine without a free core would break. So
 * they run by themselves, fewer at a time than the others.
 */
const judging = [
  'test/integration/{capacity,capacity-limit,load-models,load-processes,load-truth}.test.ts',
  'test/integration/session{,-containers,-contextforge}.test.ts',
  'test/pathologies/*.test.ts',
];

const shared = {
  // The machines of continuous integration are shared: one more try, which the reporter names. Here there is none.
  retry: process.env['CI'] === 'true' ? 1 : 0,
  pool: 'forks',
  // Many of the programs that tests start are our own: they read what an earlier one compiled.
  env: { NODE_COMPILE_CACHE: join(import.meta.dirname, 'node_modules', '.cache', 'gaugeway-tests') },
  testTimeout: 30_000,
  hookTimeout: 60_000,
} as const;

export default defineConfig({
  test: {
    globalSetup: ['test/support/global-setup.ts'],
    reporters: ['default', './test/support/skip-reporter.ts', './test/support/retry-reporter.ts'],
    sequence: { sequencer: LongestFirst },
    // More workers than cores: most of the tests wait, for windows of a second and for servers that start.
    projects: [
      {
        test: { ...shared, name: 'judging', include: judging, maxWorkers: 3, sequence: { groupOrder: 0 } },
      },
      {
        test: {
          ...shared,
          name: 'integration',
          include: ['test/**/*.test.ts'],
          exclude: judging,
          maxWorkers: 4,
          sequence: { groupOrder: 1 },
        },
      },
      {
        // None of them keeps anything beyond its own test, so that they share the modules that they load.
        test: {
          ...shared,
          name: 'unit',
          include: ['src/**/*.test.ts'],
          isolate: false,
          maxWorkers: 4,
          sequence: { groupOrder: 1 },
        },
      },
    ],
  },
});
