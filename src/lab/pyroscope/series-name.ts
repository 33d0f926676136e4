import { maskSecrets } from '../../shared/mask-secrets.ts';

/** Bounded far below what a Pyroscope server takes (2048 characters), as each value makes a series of its own. */
const longestValue = 100;
const longestName = 200;

/** Whether a Pyroscope server takes it as the name of an application, which becomes its label `service_name`. */
export function isApplicationName(name: string): boolean {
  return name.length <= longestName && /^[\w.][\w./-]*$/.test(name);
}

/**
 * The parameter `name` of Pyroscope's `/ingest`: `application{label=value,…}`, without quotes. Of a value everything
 * becomes an underscore but letters, digits and a few marks: a comma or a brace would end it. Empty ones are left out.
 */
export function seriesName(application: string, labels: Readonly<Record<string, string>>): string {
  const pairs = Object.entries(labels)
    .map(([name, value]) => [name, labelValue(value)] as const)
    .filter(([, value]) => value !== '')
    .map(([name, value]) => `${name}=${value}`);
  return `${application}{${pairs.join(',')}}`;
}

function labelValue(value: string): string {
  const plain = maskSecrets(value)
    .trim()
    .replaceAll(/[^\p{L}\p{N} ._:@/+-]+/gu, '_');
  return plain.slice(0, longestValue).toWellFormed().trim();
}
