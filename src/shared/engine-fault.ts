import { userInfo } from 'node:os';
import { messageOf } from './errors.ts';
import { errorCode } from './system-error.ts';

/** Why an engine does not answer, and what helps. */
export function engineFault(error: unknown): { why: string; remedy?: string } {
  switch (errorCode(error)) {
    case 'EACCES':
      return {
        why: 'this user may not use the socket',
        remedy: `sudo usermod -aG docker ${userInfo().username}  (then log in again)`,
      };
    case 'ENOENT':
      return {
        why: 'there is no such socket',
        remedy: 'systemctl start docker, or name it: --container-socket',
      };
    case 'ECONNREFUSED':
      return { why: 'nobody listens at the socket', remedy: 'systemctl start docker' };
    case undefined:
    default:
      return { why: messageOf(error) };
  }
}
