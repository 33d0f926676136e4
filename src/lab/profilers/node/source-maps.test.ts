import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { temporaryFolder } from '../../../../test/support/temporary-folder.ts';
import type { Frame, Profile } from '../../profile/profile.ts';
import { processSourceMaps } from './source-maps.ts';

/** What a bundler made of `hotFunction` in line 6 of `hot.ts`. */
const script = 'function e(e){return e}';
const map = { version: 3, sources: ['../hot.ts'], names: ['hotFunction'], mappings: 'AAKA,SAAgBA,EAAY' };
const inline = (of: unknown): string =>
  `data:application/json;charset=utf-8;base64,${Buffer.from(JSON.stringify(of)).toString('base64')}`;

const profileOf = (frame: Frame): Profile => ({
  name: 'program',
  unit: 'microseconds',
  startMs: 0,
  endMs: 1,
  interval: 1000,
  frames: [frame],
  nodes: [{ frame: 0, parent: -1, self: 1000 }],
  order: 'time',
  samples: [{ node: 0, weight: 1000 }],
});

/** Writes the script with what its last line says of its map; gives its frame, and what becomes of it. */
async function mapped(
  folder: string,
  url: string,
  part: Partial<Frame> = {},
): Promise<[Frame, Frame | undefined]> {
  const file = join(folder, 'bundle.js');
  await writeFile(file, `${script}\n//# sourceMappingURL=${url}\n`);
  const frame = { name: 'e', file, line: 1, column: 11, ...part };
  return [frame, processSourceMaps(process.pid)(profileOf(frame)).frames[0]];
}

test('functions of a bundle are named as they were written, by a map beside the script or in it', async () => {
  await using folder = await temporaryFolder();
  await writeFile(join(folder.path, 'bundle.js.map'), JSON.stringify(map));
  const written = { name: 'hotFunction', file: join(folder.path, '../hot.ts'), line: 6, column: 17 };
  for (const url of ['bundle.js.map', './bundle.js.map', inline(map)])
    expect((await mapped(folder.path, url))[1]).toEqual(written);
  // The word at the parameters is not the function's name.
  const [, arrow] = await mapped(folder.path, 'bundle.js.map', { name: '(anonymous)' });
  expect(arrow).toEqual({ ...written, name: '(anonymous)' });
});

test('what was put together from scripts with maps is told by the sections of its map', async () => {
  await using folder = await temporaryFolder();
  const before = { version: 3, sources: ['before.ts'], names: [], mappings: 'AAAA' };
  const sections = [
    { offset: { line: 0, column: 0 }, map: before },
    { offset: { line: 1, column: 4 }, map },
  ];
  const file = join(folder.path, 'joined.js');
  await writeFile(file, `0;\n0;0;${script}\n//# sourceMappingURL=${inline({ version: 3, sections })}\n`);
  const at = (line: number, column: number): Frame | undefined =>
    processSourceMaps(process.pid)(profileOf({ name: 'e', file, line, column })).frames[0];
  expect(at(1, 1)).toMatchObject({ file: join(folder.path, 'before.ts'), line: 1 });
  expect(at(2, 2)).toMatchObject({ file: join(folder.path, 'before.ts') });
  expect(at(2, 15)).toEqual({
    name: 'hotFunction',
    file: join(folder.path, '../hot.ts'),
    line: 6,
    column: 17,
  });
});

test.each([
  ['relative', 'lib/', 'hot.ts', 'lib/hot.ts'],
  ['a URL', 'webpack://app/', 'src/hot.ts', 'webpack://app/src/hot.ts'],
])('sources are found below their root, which is %s', async (_, sourceRoot, source, expected) => {
  await using folder = await temporaryFolder();
  const [, frame] = await mapped(folder.path, inline({ ...map, sourceRoot, sources: [source] }));
  expect(frame?.file).toBe(expected.includes(':') ? expected : join(folder.path, expected));
});

test('what has no map that can be read stays as it is', async () => {
  await using folder = await temporaryFolder();
  await writeFile(join(folder.path, 'broken.map'), '{');
  const urls = [
    'absent.map',
    'broken.map',
    'https://127.0.0.1/x.map',
    '/etc/hostname',
    inline({ version: 3 }),
  ];
  for (const url of urls) {
    const [frame, same] = await mapped(folder.path, url);
    expect(same).toBe(frame);
  }
  for (const part of [{ file: 'node:fs' }, { file: '/nowhere.js' }, { line: 0 }]) {
    const [frame, same] = await mapped(folder.path, inline(map), part);
    expect(same).toBe(frame);
  }
});
