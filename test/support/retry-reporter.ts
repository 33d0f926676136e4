import type { Reporter, TestCase } from 'vitest/node';

/**
 * Names every test that passed only when it was run again, at the end of a run: a shared machine can starve a process
 * for seconds, and what needs a second try often needs a look.
 */
export default class RetryReporter implements Reporter {
  readonly #again: string[] = [];

  onTestCaseResult(test: TestCase): void {
    const tries = test.diagnostic()?.retryCount ?? 0;
    if (tries > 0 && test.result().state === 'passed')
      this.#again.push(`${test.module.relativeModuleId} > ${test.fullName}`);
  }

  onTestRunEnd(): void {
    if (this.#again.length === 0) return;
    process.stdout.write(
      `\n Passed only when run again\n${this.#again.map((line) => `   ${line}\n`).join('')}\n`,
    );
  }
}
