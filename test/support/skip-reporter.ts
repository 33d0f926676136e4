import type { Reporter, TestModule } from 'vitest/node';

/**
 * Names every test that was left out, with its reason, at the end of a run. With GAUGEWAY_TEST_REQUIRE_ALL=1 a
 * test that was left out fails the run: a machine that has every program must run every test.
 */
export default class SkipReporter implements Reporter {
  onTestRunEnd(testModules: readonly TestModule[]): void {
    const skipped = testModules.flatMap((module) =>
      // A run narrowed with -t leaves out what was not asked for, which is no skip.
      module.project.config.testNamePattern === undefined ? skippedIn(module) : [],
    );
    if (skipped.length === 0) return;
    const counts = new Map<string, number>();
    for (const line of skipped) counts.set(line, (counts.get(line) ?? 0) + 1);
    const lines = [...counts].map(([line, count]) => `   ${line}${count > 1 ? ` (${count} tests)` : ''}\n`);
    process.stdout.write(`\n Skipped\n${lines.join('')}\n`);
    if (process.env['GAUGEWAY_TEST_REQUIRE_ALL'] !== '1') return;
    process.stderr.write(' GAUGEWAY_TEST_REQUIRE_ALL=1: a skipped test fails the run\n');
    process.exitCode = 1;
  }
}

function skippedIn(module: TestModule): string[] {
  const lines: string[] = [];
  for (const test of module.children.allTests('skipped')) {
    const result = test.result();
    const reason = 'note' in result && result.note !== undefined ? result.note : reasonIn(test.fullName);
    const name = test.fullName.replace(reasonPattern, '');
    lines.push(
      `${module.relativeModuleId} > ${reason === undefined ? name : (name.split(' > ')[0] ?? name)}: ${reason ?? 'NO REASON GIVEN'}`,
    );
  }
  return lines;
}

const reasonPattern = / \[skipped: ([^\]]+)\]/;

function reasonIn(fullName: string): string | undefined {
  return reasonPattern.exec(fullName)?.[1];
}
