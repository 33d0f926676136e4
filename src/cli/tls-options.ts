import { X509Certificate } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { Option } from 'commander';
import type { Command } from 'commander';
import type { TlsSettings } from '../lab/load/tls-settings.ts';
import { GaugewayError, messageOf } from '../shared/errors.ts';

export interface TlsFlags {
  caFile?: string;
  insecure: boolean;
}

/** The options that say whom to trust, the same for every command that asks a target by TLS. */
export function addTlsOptions(command: Command): void {
  command
    .addOption(
      new Option(
        '--ca-file <path>',
        'trust the certificates of this PEM file too, e.g. of a private authority',
      ).argParser(readCertificates),
    )
    .option('--insecure', 'take any certificate: whoever answers is trusted with the token', false)
    .hook('preAction', () => {
      if (!command.opts<TlsFlags>().insecure) return;
      process.stderr.write('warning: --insecure: the certificate of the target is not checked\n');
    });
}

/** For the plan of a load. */
export function tlsSettingsOf({ caFile, insecure }: TlsFlags): { tls?: TlsSettings } {
  if (caFile === undefined && !insecure) return {};
  return { tls: { ...(caFile === undefined ? {} : { ca: caFile }), ...(insecure ? { insecure } : {}) } };
}

/** The PEM text. Throws `usage` when there is none in the file. */
function readCertificates(path: string): string {
  try {
    const pem = readFileSync(path, 'utf8');
    // Node would take a file without a certificate in silence.
    void new X509Certificate(pem);
    return pem;
  } catch (cause) {
    throw new GaugewayError('usage', `--ca-file ${path}: no certificate can be read (${messageOf(cause)})`, {
      cause,
    });
  }
}
