/** A template is a line of a table: what follows says nothing more about its kind. */
const maxTemplateLength = 200;

/** What differs from one entry to the next of the same kind; the longest first, for each is part of a later one. */
const rules: readonly [RegExp, string][] = [
  [/\b[a-z][a-z\d+.-]{1,20}:\/\/[^\s"'<>,;)\]]+/gi, '<url>'],
  [/"(?:[^"\\]|\\.){0,500}"/g, '<text>'],
  [/(?<![A-Za-z])'(?:[^'\\]|\\.){0,500}'(?![A-Za-z])/g, '<text>'],
  [/[\w.+-]+@[\w-]+(?:\.[\w-]+)+/g, '<email>'],
  [/\b[\da-f]{8}-[\da-f]{4}-[\da-f]{4}-[\da-f]{4}-[\da-f]{12}\b/gi, '<uuid>'],
  [/\b\d{4}-\d\d-\d\d(?:[T ]\d\d:\d\d(?::\d\d(?:[.,]\d+)?)?(?:Z|[+-]\d\d:?\d\d)?)?/g, '<time>'],
  [/\b\d{1,3}(?:\.\d{1,3}){3}(?::\d{1,5})?\b/g, '<ip>'],
  [/\[?\b(?:[\da-f]{1,4}:){3,7}[\da-f]{0,4}(?:::?[\da-f]{1,4})*\b\]?(?::\d{1,5})?/gi, '<ip>'],
  [/(?<![\w/.])(?:\.{0,2}\/[\w.@%+~-]+){2,}\/?/g, '<path>'],
  [/\b0x[\da-f]+\b/gi, '<hex>'],
  [/\b(?=[a-f]*\d)(?=\d*[a-f])[\da-f]{8,}\b/gi, '<hex>'],
  [
    /(?<![\w.])-?\d+(?:\.\d+)?\s?(?:ns|us|µs|ms|s|sec|secs|seconds?|milliseconds?|minutes?|hours?)\b/g,
    '<duration>',
  ],
  [/(?<![A-Za-z_])-?\d+(?:[.,]\d+)*/g, '<n>'],
  [/(?:<n>[,;]?\s*){3,}/g, '<n> … '],
];

/** The kind of an entry: its text with everything that differs between two of its kind replaced. */
export function maskTemplate(text: string): string {
  const head = text.slice(0, maxTemplateLength * 4);
  const masked = rules.reduce((line, [pattern, name]) => line.replaceAll(pattern, name), head);
  const template = masked.replaceAll(/\s+/g, ' ').trim();
  return template.length <= maxTemplateLength ? template : `${template.slice(0, maxTemplateLength - 1)}…`;
}
