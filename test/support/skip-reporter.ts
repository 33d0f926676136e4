import type { Reporter, TestCase, TestModule, TestSuite } from 'vitest/node';

/** As `title` of requires.ts writes it. */
const markedTitle = /^.*? \[skipped: ([^\]]+)\]/;

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
    if (failedAbove(test)) continue;
    const result = test.result();
    const note = 'note' in result ? result.note : undefined;
    const [marked, reason] = markedTitle.exec(test.fullName) ?? [];
    // The reason in a title stands for everything below it, which then counts as one line.
    const name = marked === undefined ? test.fullName : marked.slice(0, marked.indexOf(' [skipped: '));
    lines.push(`${module.relativeModuleId} > ${name}: ${note ?? reason ?? 'NO REASON GIVEN'}`);
  }
  return lines;
}

/** A `beforeAll` that throws leaves its tests out too; that is reported as the failure it is. */
function failedAbove(test: TestCase): boolean {
  let parent: TestSuite | TestModule = test.parent;
  while (parent.errors().length === 0) {
    if (parent.type === 'module') return false;
    parent = parent.parent;
  }
  return true;
}
