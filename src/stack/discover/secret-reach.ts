import { stat } from 'node:fs/promises';
import { networkInterfaces } from 'node:os';
import { listeningSockets } from '../../shared/listening-ports.ts';
import { isLoopbackHost } from '../../shared/loopback.ts';
import { errorCode } from '../../shared/system-error.ts';

/** What is said of a server that is never contacted. */
export const elsewhere = 'it is on another machine: name it yourself';

/**
 * Whether all that a URL or DSN names as its host is this machine: loopback, an address of its own, or the folder of a
 * Unix socket. A driver takes a host in the query, too, and not every driver takes the same one.
 */
export function isOnThisMachine(text: string): boolean {
  const { hostname, searchParams } = new URL(text);
  const named = ['host', 'hostaddr'].flatMap((key) => searchParams.getAll(key));
  return [decodeURIComponent(hostname), ...named].filter((host) => host !== '').every(isOwnHost);
}

/** The port that a URL or DSN names, in its query, too. */
export function portOf(text: string, usual: number): number {
  const { port, searchParams } = new URL(text);
  return Number(searchParams.getAll('port').at(-1) ?? (port || usual));
}

/**
 * Why a secret must not be sent to the server that a URL names; undefined when it may. Any user can listen on a port or
 * make a Unix socket in /tmp: the one who does has to be root, or a user in `owners`, who has the secret already.
 */
export async function whyNotSent(
  text: string,
  usualPort: number,
  owners: readonly number[],
): Promise<string | undefined> {
  if (!isOnThisMachine(text)) return elsewhere;
  const port = portOf(text, usualPort);
  const folder = [
    ...new URL(text).searchParams.getAll('host'),
    decodeURIComponent(new URL(text).hostname),
  ].find((host) => host.startsWith('/'));
  const holders = folder === undefined ? await holdersOf(port) : await ownerOf(`${folder}/.s.PGSQL.${port}`);
  if (holders.length === 0) return `nobody is seen to listen on port ${port}: no password is sent`;
  const stranger = holders.find((uid) => uid !== 0 && !owners.includes(uid));
  return stranger === undefined
    ? undefined
    : `user id ${stranger} listens there, and the password belongs to ${owners.join(', ')}: it is not sent`;
}

/** Users that listen on a port at any address. */
async function holdersOf(port: number): Promise<number[]> {
  const sockets = await listeningSockets(process.pid);
  return sockets.filter((socket) => socket.port === port).map(({ uid }) => uid);
}

async function ownerOf(path: string): Promise<number[]> {
  try {
    return [(await stat(path)).uid];
  } catch (error) {
    if (errorCode(error) === undefined) throw error;
    return [];
  }
}

function isOwnHost(host: string): boolean {
  const bare = host.replace(/^\[(.*)\]$/, '$1');
  return (
    host.startsWith('/') ||
    isLoopbackHost(host) ||
    Object.values(networkInterfaces()).some((all) => all?.some(({ address }) => address === bare))
  );
}
