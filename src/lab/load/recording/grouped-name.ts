/** What a scenario takes for a name. */
const maxLength = 200;
const uuid = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i;

/**
 * The name under which requests of one kind are counted together: parts of the path that are numbers, UUIDs, JSON Web Tokens, long
 * hexadecimal or mixed tokens, or expressions become `:id`; a query keeps its keys.
 */
export function groupedName(path: string): string {
  const [pathname, query] = split(path);
  const name = pathname
    .split('/')
    .map((part) => (isId(part) ? ':id' : part))
    .join('/');
  if (query === undefined || query === '') return name.slice(0, maxLength);
  const keys = query.split('&').map((pair) => pair.split('=', 1)[0]);
  return `${name}?${[...new Set(keys)].join('&')}`.slice(0, maxLength);
}

/** Path and query. */
export function split(path: string): [pathname: string, query?: string] {
  const at = path.indexOf('?');
  return at < 0 ? [path] : [path.slice(0, at), path.slice(at + 1)];
}

function isId(part: string): boolean {
  return (
    /^\d+$/.test(part) ||
    part.includes('${') ||
    uuid.test(part) ||
    part.startsWith('eyJ') ||
    /^[0-9a-f]{16,}$/i.test(part) ||
    (/^[\w-]{20,}$/.test(part) && /\d/.test(part) && /[A-Za-z]/.test(part))
  );
}
