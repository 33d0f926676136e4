import { existsSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { defineConfig, type EnvironmentOptions, type Plugin } from 'vite';
import react from '@vitejs/plugin-react';

const root = import.meta.dirname;
const pages = ['report', 'load', 'plan', 'profile'].filter((page) =>
  existsSync(join(root, page, 'index.html')),
);

/** React's files carry their licence in a comment that is kept; uPlot's does not count as one. */
const chartLicense = '/*! Contains uPlot, Copyright (c) Leon Sorokin, MIT License */';

/** Each page is its own environment, so that each becomes one chunk that can be inlined whole. */
const environments = Object.fromEntries(
  pages.map((page): [string, EnvironmentOptions] => [
    page,
    {
      consumer: 'client',
      build: {
        outDir: join(root, '../../dist/console'),
        emptyOutDir: false,
        copyPublicDir: false,
        modulePreload: false,
        assetsInlineLimit: () => true,
        target: 'es2024',
        rolldownOptions: {
          input: join(root, page, 'index.html'),
          output: { codeSplitting: false, comments: { legal: true }, banner: chartLicense },
        },
      },
    },
  ]),
);

export default defineConfig({
  root,
  base: './',
  environments,
  builder: {
    async buildApp(builder) {
      for (const page of pages) {
        const environment = builder.environments[page];
        if (environment) await builder.build(environment);
      }
    },
  },
  plugins: [react(), inlineEverything()],
});

/** Puts a page's script and style into its HTML and names it after its folder: one file that works from disk. */
function inlineEverything(): Plugin {
  return {
    name: 'gaugeway:inline-everything',
    enforce: 'post',
    generateBundle(_options, bundle) {
      for (const [fileName, page] of Object.entries(bundle)) {
        if (page.type !== 'asset' || !fileName.endsWith('.html')) continue;
        let html = String(page.source);
        for (const [part, file] of Object.entries(bundle)) {
          if (part === fileName) continue;
          html = inlined(html, part, file.type === 'chunk' ? file.code : String(file.source));
          delete bundle[part];
        }
        delete bundle[fileName];
        this.emitFile({ type: 'asset', fileName: `${basename(dirname(fileName))}.html`, source: html });
      }
    },
  };
}

function inlined(html: string, part: string, content: string): string {
  const safe = content.replace(/<\/(script|style)/gi, '<\\/$1');
  let isUsed = false;
  const result = html.replace(
    /<script[^>]*src="[^"]*"[^>]*><\/script>|<link[^>]*href="[^"]*"[^>]*>/g,
    (tag) => {
      if (!tag.includes(part)) return tag;
      isUsed = true;
      return tag.startsWith('<script') ? `<script type="module">${safe}</script>` : `<style>${safe}</style>`;
    },
  );
  if (!isUsed) throw new Error(`${part} is not referenced by the page`);
  return result;
}
