import { globSync, readFileSync } from 'node:fs';
import { basename, dirname, join, normalize, relative } from 'node:path';
import { describe, expect, test } from 'vitest';
import { longestFiles } from './support/longest-files.ts';

const root = join(import.meta.dirname, '..');

/** Every file of the project itself: nothing that was installed, built or recorded. */
const files = globSync(['*', '{.ci,.github,bench,bin,docs,scripts,src,test}/**/*'], {
  cwd: root,
  withFileTypes: true,
})
  .filter((entry) => entry.isFile())
  .map((entry) => relative(root, join(entry.parentPath, entry.name)))
  .toSorted();
const read = (file: string): string => readFileSync(join(root, file), 'utf8');
const sources = files.filter((file) => /^(src|test|bench|scripts)\/.*\.tsx?$/.test(file));

interface Import {
  from: string;
  /** Path within the repository, or the name of a package. */
  to: string;
  typeOnly: boolean;
}

const imports: Import[] = sources.flatMap((from) => {
  const pattern =
    /^(?:import|export)\s+(type\s)?(?:[^'";]*?\sfrom\s+)?'([^']+)'|\bimport\(\s*'([^']+)'\s*\)|new URL\(\s*'(\.[^']+\.tsx?)'/gm;
  return [...read(from).matchAll(pattern)].map((match) => {
    const specifier = match[2] ?? match[3] ?? match[4] ?? '';
    const to = specifier.startsWith('.') ? normalize(join(dirname(from), specifier)) : specifier;
    return { from, to, typeOnly: match[1] !== undefined };
  });
});

const within = (file: string, places: readonly string[]): boolean =>
  places.some((place) => (place.endsWith('/') ? file.startsWith(place) : file === place));

/**
 * Who may import whom. The first row whose `room` holds the importing file decides. `may` lists folders (with a
 * slash) and files of this repository; `packages` the npm packages and Node modules: `*` for any, `node` for any
 * `node:` module. Type-only imports must obey too, but for the places in `typesOf`.
 */
const importTable: { room: string; may: string[]; typesOf?: string[]; packages: string[] }[] = [
  { room: 'src/main.ts', may: ['src/cli/'], packages: [] },
  { room: 'src/cli/', may: ['src/'], packages: ['*'] },
  { room: 'src/config/', may: ['src/config/', 'src/shared/'], packages: ['zod', 'node'] },
  { room: 'src/shared/', may: ['src/shared/'], packages: ['node', 'yaml'] },
  { room: 'src/protocol/', may: ['src/protocol/', 'src/shared/'], packages: ['@modelcontextprotocol/core'] },
  {
    room: 'src/gateway/server.ts',
    may: ['src/gateway/', 'src/config/', 'src/shared/', 'src/protocol/'],
    packages: ['*'],
  },
  ...['pipeline.ts', 'catalog/', 'session/', 'policy/'].map((part) => ({
    room: `src/gateway/${part}`,
    may: [
      'src/protocol/',
      'src/shared/',
      'src/gateway/pipeline.ts',
      'src/gateway/catalog/',
      'src/gateway/session/',
      'src/gateway/policy/',
      'src/gateway/storage/ports.ts',
      'src/gateway/upstream/upstream.ts',
      'src/gateway/metrics/call-recorder.ts',
      'src/gateway/metrics/operation-recorder.ts',
      'src/gateway/tracing/tracer.ts',
    ],
    packages: ['jose', 'node:crypto'],
  })),
  {
    room: 'src/gateway/storage/',
    may: ['src/gateway/storage/', 'src/shared/'],
    packages: ['kysely', 'pg', 'node'],
  },
  {
    room: 'src/gateway/metrics/',
    may: ['src/gateway/metrics/', 'src/gateway/storage/ports.ts', 'src/protocol/', 'src/shared/'],
    packages: ['node'],
  },
  {
    room: 'src/gateway/',
    may: ['src/gateway/', 'src/protocol/', 'src/shared/', 'src/config/'],
    packages: ['undici', 'fastify', '@fastify/swagger', 'zod', 'node'],
  },
  {
    room: 'src/lab/diagnose/rules/',
    may: [
      'src/lab/diagnose/',
      'src/lab/heap/leak-verdict.ts',
      'src/lab/logs/known-signatures.ts',
      'src/lab/look/limits.ts',
      'src/shared/',
    ],
    typesOf: ['src/lab/'],
    packages: [],
  },
  {
    room: 'src/lab/diagnose/',
    may: [
      'src/lab/diagnose/',
      'src/lab/profile/',
      'src/lab/load/generator-health.ts',
      'src/lab/load/generator-limits.ts',
      'src/lab/load/load-statistics.ts',
      'src/lab/look/limits.ts',
      'src/lab/timeline/samples.ts',
      'src/shared/',
    ],
    typesOf: ['src/lab/'],
    packages: [],
  },
  {
    room: 'src/lab/profile/',
    may: [
      'src/lab/profile/',
      'src/lab/diagnose/computed/figures.ts',
      'src/lab/look/quantity.ts',
      'src/lab/report/terminal-table.ts',
      'src/lab/report/wrap-text.ts',
      'src/shared/',
    ],
    packages: ['pprof-format'],
  },
  {
    room: 'src/lab/',
    may: ['src/lab/', 'src/shared/', 'src/protocol/'],
    packages: ['dockerode', 'ioredis', 'json-p3', 'libpg-query', 'pg', 'undici', 'yaml', 'zod', 'node'],
  },
  {
    room: 'src/stack/',
    may: ['src/stack/', 'src/config/', 'src/shared/', 'src/protocol/'],
    packages: ['dockerode', 'ioredis', 'pg', 'jose', 'undici', 'yaml', 'zod', 'node'],
  },
  {
    room: 'src/console/',
    may: [
      'src/console/',
      'src/lab/profile/',
      'src/lab/capacity/throughput-models.ts',
      'src/lab/report/verdict-words.ts',
    ],
    typesOf: ['src/lab/', 'src/shared/'],
    packages: [
      '@tanstack/react-query',
      '@tanstack/react-table',
      'react',
      'react-dom/client',
      'uplot',
      'vite',
      '@vitejs/plugin-react',
      'node',
    ],
  },
];

const isTest = (file: string): boolean => file.endsWith('.test.ts') || !file.startsWith('src/');
const isPackage = (to: string): boolean =>
  !/^(src|test|bench|scripts|dist)\//.test(to) && !to.endsWith('package.json');

describe('the house is as ARCHITECTURE.md says', () => {
  test('imports go only where the import table allows', () => {
    const offences = imports
      .filter(({ from }) => !isTest(from))
      .filter(({ from, to, typeOnly }) => {
        const row = importTable.find(({ room }) => within(from, [room]));
        if (row === undefined) return true;
        if (to.endsWith('.css') || to.endsWith('.json')) return false;
        if (!isPackage(to)) return !(within(to, row.may) || (typeOnly && within(to, row.typesOf ?? [])));
        return !row.packages.some(
          (name) =>
            name === '*' ||
            name === to ||
            to.startsWith(`${name}/`) ||
            (name === 'node' && to.startsWith('node:')),
        );
      })
      .map(({ from, to }) => `${from} imports ${to}`);
    expect(offences).toEqual([]);
  });

  test('the lab and the gateway meet only over the network', () => {
    const crossing = imports.filter(
      ({ from, to }) =>
        !isTest(from) &&
        ((from.startsWith('src/lab/') && to.startsWith('src/gateway/')) ||
          (from.startsWith('src/gateway/') && to.startsWith('src/lab/')) ||
          (from.startsWith('src/stack/') && /^src\/(gateway|lab)\//.test(to))),
    );
    expect(crossing).toEqual([]);
  });

  test('no file is longer than 400 lines', () => {
    const tooLong = files
      .filter((file) => /\.(tsx?|css|mjs)$/.test(file) || file === 'bin/gaugeway')
      .map((file) => ({ file, lines: read(file).split('\n').length }))
      .filter(({ lines }) => lines > 400);
    expect(tooLong).toEqual([]);
  });

  test('every source file is used by another one', () => {
    const entries = [
      'src/main.ts',
      'src/lab/load/generator.ts',
      'src/console/vite.config.ts',
      'src/console/report/main.tsx',
      'src/console/load/main.tsx',
      'src/console/plan/main.tsx',
      'src/console/profile/main.tsx',
    ];
    const imported = new Set(imports.filter(({ from }) => !from.endsWith('.test.ts')).map(({ to }) => to));
    const orphans = sources.filter(
      (file) =>
        file.startsWith('src/') &&
        !file.endsWith('.test.ts') &&
        !imported.has(file) &&
        !entries.includes(file),
    );
    expect(orphans).toEqual([]);
  });

  test('names say what a thing is', () => {
    const banned = /(^|[-/])(utils?|helpers?|common|manager|misc)([-./]|$)/;
    expect(files.filter((file) => banned.test(file))).toEqual([]);
    const kebab = /^[a-z0-9]+([-.][a-z0-9]+)*\.tsx?$/;
    expect(sources.filter((file) => !kebab.test(basename(file)))).toEqual([]);
  });

  test('the oldest Node that is supported can parse the sources', () => {
    // Compiled with the ES2024 library, they use no newer one; but types are stripped without lowering the syntax.
    const disposing = /^\s*(await )?using \w/m;
    const run = sources.filter((file) => file.startsWith('src/') && !file.endsWith('.test.ts'));
    expect(run.filter((file) => disposing.test(read(file)))).toEqual([]);
  });

  test('no check is silenced and nothing is left for later', () => {
    // Brackets keep the pattern from matching its own source.
    const marks =
      /@ts-[i]gnore|@ts-[e]xpect-error|@ts-[n]ocheck|[e]slint-disable|[o]xlint-disable|\b[T]ODO\b|\b[F]IXME\b|\b(test|describe|it)\.[o]nly\b/;
    expect(sources.filter((file) => marks.test(read(file)))).toEqual([]);
  });

  test('every rule has its document, its test and its line in the index', () => {
    const rules = files.filter((file) => /^src\/lab\/diagnose\/rules\/[^/]+\/[^/.]+\.ts$/.test(file));
    expect(rules.length).toBeGreaterThanOrEqual(7);
    const index = read('src/lab/diagnose/rules/index.ts');
    for (const rule of rules) {
      const id = basename(rule, '.ts');
      expect(files).toContain(rule.replace(/\.ts$/, '.md'));
      expect(files).toContain(rule.replace(/\.ts$/, '.test.ts'));
      expect(index).toContain(`/${id}.ts'`);
      expect(read(rule)).toContain(`id: '${id}'`);
      expect(read(rule.replace(/\.ts$/, '.md')).split('\n')[0]).toContain(id);
    }
  });

  test('every dependency is justified in ARCHITECTURE.md', () => {
    const manifest: { dependencies: Record<string, string>; devDependencies: Record<string, string> } =
      JSON.parse(read('package.json'));
    const architecture = read('ARCHITECTURE.md');
    const missing = Object.keys({ ...manifest.dependencies, ...manifest.devDependencies }).filter(
      (name) => !architecture.includes(`\`${name}\``),
    );
    expect(missing).toEqual([]);
  });

  test('every file of tests that is started early is there', () => {
    for (const name of longestFiles) expect(files).toContain(`test/${name}.test.ts`);
  });

  test('the lockfile names no registry', () => {
    expect(read('package-lock.json')).not.toContain('"resolved"');
  });
});
