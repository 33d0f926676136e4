import { readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { GaugewayError } from '../shared/errors.ts';
import { hasErrorCode } from '../shared/system-error.ts';

/** Where the built pages lie: beside the sources, and beside the server in a published package. */
const folders = ['../../dist/console/', '../../console/'];

/** The HTML of a built page of the console, one file with everything in it. Throws GaugewayError config_invalid when it was not built. */
export async function readConsolePage(page: 'report' | 'load' | 'plan' | 'profile'): Promise<string> {
  for (const folder of folders) {
    try {
      return await readFile(fileURLToPath(new URL(`${folder}${page}.html`, import.meta.url)), 'utf8');
    } catch (error) {
      if (!hasErrorCode(error, 'ENOENT')) throw error;
    }
  }
  throw new GaugewayError('config_invalid', `the ${page} page is not built: run \`npm run build:console\``);
}

/**
 * A page of the console with data in its `<script type="application/json" id="…">`, so that it is one file that
 * opens offline. Throws GaugewayError config_invalid when the page has no such place. Pure.
 */
export function embedInPage(page: string, id: string, title: string, data: unknown): string {
  const placeholder = `<script type="application/json" id="${id}"></script>`;
  const [head, tail, more] = page.split(placeholder);
  if (head === undefined || tail === undefined || more !== undefined) {
    throw new GaugewayError('config_invalid', 'the page has no place for data; run `npm run build:console`');
  }
  return [
    head.replace(/<title>[^<]*<\/title>/, () => `<title>${escapeHtml(title)}</title>`),
    placeholder.replace('></', () => `>${jsonForScript(data)}</`),
    tail,
  ].join('');
}

/** JSON that no HTML parser can mistake for markup and no script for a line end. */
export function jsonForScript(value: unknown): string {
  const escapes: Record<string, string> = {
    '<': '\\u003c',
    '>': '\\u003e',
    '&': '\\u0026',
    '\u2028': '\\u2028',
    '\u2029': '\\u2029',
  };
  return JSON.stringify(value).replace(/[<>&\u2028\u2029]/g, (character) => escapes[character] ?? character);
}

function escapeHtml(text: string): string {
  return text.replace(/[<>&"]/g, (character) => `&#${character.codePointAt(0)};`);
}
