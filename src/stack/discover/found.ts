import { withoutReferences } from '../../config/stack-file.ts';
import { isSecretName } from '../../shared/mask-secrets.ts';
import type { ProcessRole } from '../../shared/stack-description.ts';

/** How sure a discovery is: it answered as what it is, its name says so, or only its port or its answer hints at it. */
export type Sureness = 'certain' | 'likely' | 'guess';

/** One part of a stack that was found, as the table of `gaugeway discover` shows it. */
export interface FoundPart {
  role: ProcessRole;
  /** What it is, e.g. `PostgreSQL 18.4`. */
  what: string;
  /** Where it is, e.g. `127.0.0.1:5432, pid 4711`. */
  where: string;
  sure: Sureness;
  /** Whether it is part of this stack, and therefore in the file. */
  inFile: boolean;
}

/** Something that is there but could not be read, or that could not be looked for. */
export interface Unreached {
  what: string;
  why: string;
  /** A command or a configuration that would change it. */
  remedy?: string;
}

/** A value of the stack file, e.g. a DSN without its secret, and the comments above it. */
export interface FileEntry {
  value: string;
  comments: string[];
  /** Whether it worked, or works as soon as its variables are set; else it is written as a comment. */
  usable: boolean;
}

/** An environment variable that has to be set before the stack file can be used. Its value is nowhere. */
export interface NeededVariable {
  name: string;
  /** What it holds and where that was found, e.g. `the password in DATABASE_URL of process 4711`. */
  meaning: string;
}

/** A line of `processes:`. */
export interface ProcessEntry {
  role: ProcessRole;
  name: string;
  by: { port: number } | { pidFile: string } | { match: string } | { pid: number };
  comment: string;
}

/** A line of `logs:`. */
export interface LogEntry {
  role: ProcessRole;
  name: string;
  from: { file: string } | { container: string } | { unit: string };
  comment: string;
}

/** All that a discovery found, without any secret. */
export interface DiscoveredStack {
  name?: string;
  parts: FoundPart[];
  unreached: Unreached[];
  variables: NeededVariable[];
  gateway?: FileEntry;
  postgres?: FileEntry;
  pgbouncer?: FileEntry;
  redis?: FileEntry;
  nginxStatus?: FileEntry;
  nginxAccessLog?: FileEntry;
  processes: ProcessEntry[];
  containerSocket?: string;
  containers: { role: ProcessRole; name: string; comment: string }[];
  logs: LogEntry[];
}

/** A URL or DSN with its password, as it is used, and what stands for it in a file. */
export interface SecretUrl {
  /** With the password; never printed. */
  url: string;
  /** As the stack file has it: with a reference in place of the password, and any other `${` escaped. */
  reference: string;
  variable?: NeededVariable;
  /** User id of the file or the process that the secret is from. */
  owner?: number;
}

/**
 * Takes the password out of a URL: in the file `${variable}` stands for it. `source` says where the URL was found.
 * `owner` is the user id of the process that has it. Drivers take a password from the query, too: it moves to its usual
 * place, and what else is secret there is left out. Undefined when it is no URL.
 */
export function withoutPassword(
  text: string,
  variable: string,
  source: string,
  owner?: number,
): SecretUrl | undefined {
  // SQLAlchemy names the driver, too: postgresql+psycopg://.
  const url = text.replace(/^([a-z]+)\+[a-z0-9]+:/i, '$1:').replace(/^postgres:/, 'postgresql:');
  if (!URL.canParse(url)) return undefined;
  const parsed = new URL(url);
  const keys = [...new Set(parsed.searchParams.keys())];
  const secretKeys = keys.filter((key) => isSecretName(key) || /^(sslpassword|passfile)$/i.test(key));
  const inQuery = parsed.searchParams.getAll('password').at(-1);
  for (const key of secretKeys) parsed.searchParams.delete(key);
  if (inQuery !== undefined && inQuery !== '') {
    // A URL without a host can hold no password before it.
    if (parsed.hostname === '') parsed.hostname = 'localhost';
    parsed.password = encodeURIComponent(inQuery);
  }
  const used = secretKeys.length === 0 ? url : parsed.href;
  if (parsed.password === '') return { url: used, reference: withoutReferences(used) };
  parsed.password = standIn;
  return {
    url: used,
    ...(owner === undefined ? {} : { owner }),
    reference: withoutReferences(parsed.href).replace(`:${standIn}@`, () => `:\${${variable}}@`),
    variable: { name: variable, meaning: `the password in ${source}` },
  };
}

const standIn = 'gaugeway-reference';

/** The same secret in another URL, e.g. for another database or port. */
export function changedUrl(secret: SecretUrl, change: (url: URL) => void): SecretUrl {
  const url = new URL(secret.url);
  change(url);
  // `${…}` is nothing that a URL may hold: a word stands in for it meanwhile.
  const held = /(?<!\$)\$\{[^}]*\}/.exec(secret.reference)?.[0];
  const reference = new URL(held === undefined ? secret.reference : secret.reference.replace(held, standIn));
  change(reference);
  return {
    ...secret,
    url: url.href,
    reference: held === undefined ? reference.href : reference.href.replace(standIn, () => held),
  };
}
