import { lookup } from 'node:dns/promises';
import { addressKind } from '../../shared/address-kind.ts';
import { GaugewayError, messageOf } from '../../shared/errors.ts';
import { isApplicationName } from './series-name.ts';

/** Where profiles are pushed to, judged and with its credentials. */
export interface PyroscopeServer {
  /** Of `/ingest`, without parameters. */
  ingestUrl: URL;
  /** Name under which the server files the profiles. */
  application: string;
  headers: Record<string, string>;
  /** What must be seen nowhere, even where the server says it. */
  secrets: string[];
}

export interface PyroscopeSettings {
  url: string;
  application: string;
  /** Lets plain http go to a machine outside of private networks. */
  allowRemote: boolean;
  environment: Readonly<Record<string, string | undefined>>;
}

/**
 * Makes sure, before anything is measured, that profiles may be sent there. Credentials come from the environment, by
 * the names that Pyroscope's own clients use. Throws GaugewayError usage; unavailable for a name that has no address.
 */
export async function pyroscopeServer(settings: PyroscopeSettings): Promise<PyroscopeServer> {
  const { application, environment } = settings;
  if (!isApplicationName(application)) {
    throw new GaugewayError(
      'usage',
      'the name of an application in Pyroscope has letters, digits, _ . / and -, at most 200 of them',
    );
  }
  const url = ingestUrlOf(settings.url);
  if (url.protocol === 'http:' && !settings.allowRemote) await requirePrivate(url);
  return { ingestUrl: url, application, ...credentialsOf(environment) };
}

function ingestUrlOf(text: string): URL {
  const url = URL.parse(text);
  if (url === null || !/^https?:$/.test(url.protocol)) {
    // It may hold a password that no rule finds.
    const shown = text.includes('@') ? '' : `: '${text.slice(0, 200)}'`;
    throw new GaugewayError('usage', `--pyroscope takes an URL like http://localhost:4040${shown}`);
  }
  if (url.username !== '' || url.password !== '') {
    throw new GaugewayError(
      'usage',
      'credentials do not belong in the URL of --pyroscope: set PYROSCOPE_BASIC_AUTH_USER and ' +
        'PYROSCOPE_BASIC_AUTH_PASSWORD, or PYROSCOPE_AUTH_TOKEN',
    );
  }
  if (url.search !== '' || url.hash !== '') {
    throw new GaugewayError(
      'usage',
      'the URL of --pyroscope has no parameters: give only where the server is',
    );
  }
  url.pathname = `${url.pathname.replace(/\/+$/, '').replace(/\/ingest$/, '')}/ingest`;
  return url;
}

async function requirePrivate({ hostname, host }: URL): Promise<void> {
  const name = hostname.replace(/^\[(.*)\]$/, '$1').replace(/\.$/, '');
  const addresses = addressKind(name) === 'private' ? [] : await addressesOf(name);
  if (addresses.every((address) => addressKind(address) === 'private')) return;
  throw new GaugewayError(
    'usage',
    `${host} is not in a private network, and http would show the profiles and credentials to everybody between: ` +
      'use https, or --allow-remote',
  );
}

async function addressesOf(name: string): Promise<string[]> {
  try {
    return (await lookup(name, { all: true })).map(({ address }) => address);
  } catch (cause) {
    throw new GaugewayError('unavailable', `the server of --pyroscope is not known: ${messageOf(cause)}`, {
      cause,
    });
  }
}

function credentialsOf(
  environment: PyroscopeSettings['environment'],
): Pick<PyroscopeServer, 'headers' | 'secrets'> {
  const read = (name: string): string | undefined => {
    const value = environment[name]?.trim();
    if (value === undefined || value === '') return undefined;
    if (/^[\x20-\x7e]+$/.test(value)) return value;
    throw new GaugewayError('usage', `${name} holds characters that no header of HTTP may have`);
  };
  const token = read('PYROSCOPE_AUTH_TOKEN');
  const user = read('PYROSCOPE_BASIC_AUTH_USER');
  const password = read('PYROSCOPE_BASIC_AUTH_PASSWORD');
  const tenant = read('PYROSCOPE_TENANT_ID');
  if ((user === undefined) !== (password === undefined)) {
    const missing = user === undefined ? 'PYROSCOPE_BASIC_AUTH_USER' : 'PYROSCOPE_BASIC_AUTH_PASSWORD';
    throw new GaugewayError(
      'usage',
      `${missing} is missing in the environment: a user and a password go together`,
    );
  }
  const basic = Buffer.from(`${user}:${password}`).toString('base64');
  // A token is the older way: of both, Pyroscope's own clients send the user.
  const bearer = token === undefined ? undefined : `Bearer ${token}`;
  const authorization = user === undefined ? bearer : `Basic ${basic}`;
  return {
    headers: {
      ...(authorization === undefined ? {} : { authorization }),
      ...(tenant === undefined ? {} : { 'x-scope-orgid': tenant }),
    },
    secrets: [token, password, user === undefined ? undefined : basic].filter(
      (secret) => secret !== undefined,
    ),
  };
}
