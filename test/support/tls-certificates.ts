import { execFileSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

/** PEM texts for a server's `key` and `cert`, and the `ca` that a client needs to trust it. */
export interface Certificate {
  key: string;
  cert: string;
  ca: string;
}

/** Certificates by the real OpenSSL, in `folder`: an authority of its own and what it signed. */
export class CertificateAuthority {
  readonly #openssl: string;
  readonly #folder: string;
  readonly caPath: string;
  #made = 0;

  /** `openssl` is where the program was found. */
  constructor(openssl: string, folder: string) {
    this.#openssl = openssl;
    this.#folder = folder;
    this.caPath = join(folder, 'ca.pem');
    this.#run('req -x509 -nodes -keyout ca-key.pem -out ca.pem -days 2 -subj /CN=private-authority');
  }

  /** A certificate for `host` (`DNS:…` or `IP:…`) that ends this many days from now. */
  issue(host: string, days = 2): Certificate {
    const name = `server-${(this.#made += 1)}`;
    writeFileSync(join(this.#folder, `${name}.ext`), `subjectAltName=${host}\n`);
    this.#run(`req -nodes -keyout ${name}-key.pem -out ${name}.csr -subj /CN=fixture`);
    const signing = `-CA ca.pem -CAkey ca-key.pem -CAcreateserial -extfile ${name}.ext -days ${days}`;
    this.#run(`x509 -req -in ${name}.csr -out ${name}.pem ${signing}`);
    return { key: this.#read(`${name}-key.pem`), cert: this.#read(`${name}.pem`), ca: this.#read('ca.pem') };
  }

  #run(command: string): void {
    const [verb = '', ...rest] = command.split(' ');
    const newKey = verb === 'req' ? ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256'] : [];
    execFileSync(this.#openssl, [verb, ...newKey, ...rest], { cwd: this.#folder, stdio: 'pipe' });
  }

  #read(name: string): string {
    return readFileSync(join(this.#folder, name), 'utf8');
  }
}
