import { expect, it } from 'vitest';
import { LoadTest } from '../../src/lab/load/web/load-test.ts';
import { writeLoadReport } from '../../src/lab/load/web/load-report.ts';
import { createLogger } from '../../src/shared/logger.ts';

it('a report keeps passwords to itself, and what a target says inside its data', async () => {
  const test = new LoadTest({
    defaults: {},
    defaultHost: 'http://user:hunter2@127.0.0.1/</script><script>alert(1)</script>',
    allowRemote: false,
    logger: createLogger('silent'),
  });
  const html = await writeLoadReport(test.answer(0), { downloadPath: null, theme: null });
  expect(html).not.toContain('hunter2');
  expect(html).not.toContain('<script>alert');
  expect(html).toContain('<title>http://user:***@127.0.0.1/&#60;/script&#62;');
});
