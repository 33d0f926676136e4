import { readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { GaugewayError } from '../shared/errors.ts';
import { hasErrorCode } from '../shared/system-error.ts';

/** Where the built pages lie: beside the sources, and beside the server in a published package. */
const folders = ['../../dist/console/', '../../console/'];

/** The HTML of a built page of the console, one file with everything in it. Throws GaugewayError config_invalid when it was not built. */
export async function readConsolePage(page: 'report' | 'load'): Promise<string> {
  for (const folder of folders) {
    try {
      return await readFile(fileURLToPath(new URL(`${folder}${page}.html`, import.meta.url)), 'utf8');
    } catch (error) {
      if (!hasErrorCode(error, 'ENOENT')) throw error;
    }
  }
  throw new GaugewayError('config_invalid', `the ${page} page is not built: run \`npm run build:console\``);
}
