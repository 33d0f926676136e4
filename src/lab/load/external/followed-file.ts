import { constants } from 'node:fs';
import { open, type FileHandle } from 'node:fs/promises';
import { StringDecoder } from 'node:string_decoder';
import { createGunzip, type Gunzip } from 'node:zlib';
import { hasErrorCode } from '../../../shared/system-error.ts';

const chunkBytes = 256 * 1024;
/** What one pull reads at most, so that whoever pulls gets its turn. */
const pullBytes = 32 * 1024 * 1024;
/** Lines beyond this are none of ours. */
const maxLineLength = 64 * 1024;

/**
 * Lines of a file that another program writes: one that grows, may be begun anew or is not there yet, a FIFO, or a
 * gzip file (by its name). Holds a chunk and a line at most.
 */
export class FollowedFile {
  readonly #path: string;
  readonly #buffer = Buffer.alloc(chunkBytes);
  #file: FileHandle | undefined;
  #isPipe = false;
  #position = 0;
  #gunzip: Gunzip | undefined;
  #gunzipError: Error | undefined;
  #decoder = new StringDecoder('utf8');
  #rest = '';
  #isTooLong = false;
  #onLine: (line: string) => void = () => undefined;

  constructor(path: string) {
    this.#path = path;
  }

  /** Leaves out what is in the file already; not of a FIFO, nor of gzip, which can only be read from its beginning. */
  async skip(): Promise<void> {
    const file = await this.#open();
    if (file === undefined || this.#isPipe || this.#path.endsWith('.gz')) return;
    this.#position = (await file.stat()).size;
    // The first line is the rest of one.
    this.#isTooLong = this.#position > 0;
  }

  /**
   * Hands on the whole lines that were written since the last call. `bytes` is how much was read, `ended` whether the
   * writer of a FIFO has closed it. Rejects when the file cannot be read, or is not gzip.
   */
  async pull(onLine: (line: string) => void): Promise<{ bytes: number; ended: boolean }> {
    this.#onLine = onLine;
    const file = await this.#open();
    if (file === undefined) return { bytes: 0, ended: false };
    let bytes = 0;
    while (bytes < pullBytes) {
      const read = await this.#read(file);
      if (read === 'nothing yet') break;
      if (read === 0) return { bytes, ended: this.#isPipe && this.#position > 0 };
      bytes += read;
      this.#position += read;
      await this.#decode(Buffer.from(this.#buffer.subarray(0, read)));
    }
    return { bytes, ended: false };
  }

  async close(): Promise<void> {
    this.#gunzip?.destroy();
    await this.#file?.close();
    this.#file = undefined;
  }

  /** Undefined while it is not there. Opening a FIFO does not wait for its writer. */
  async #open(): Promise<FileHandle | undefined> {
    if (this.#file !== undefined) {
      if (!this.#isPipe && (await this.#file.stat()).size < this.#position) this.#beginAnew();
      return this.#file;
    }
    try {
      this.#file = await open(this.#path, constants.O_RDONLY | constants.O_NONBLOCK);
    } catch (error) {
      if (hasErrorCode(error, 'ENOENT')) return undefined;
      throw error;
    }
    this.#isPipe = (await this.#file.stat()).isFIFO();
    this.#beginAnew();
    return this.#file;
  }

  #beginAnew(): void {
    this.#position = 0;
    this.#decoder = new StringDecoder('utf8');
    this.#rest = '';
    this.#isTooLong = false;
    this.#gunzip?.destroy();
    this.#gunzip = undefined;
    if (!this.#path.endsWith('.gz')) return;
    this.#gunzip = createGunzip();
    this.#gunzip.on('data', (chunk: Buffer) => this.#split(chunk));
    this.#gunzip.on('error', (error) => (this.#gunzipError = error));
  }

  async #read(file: FileHandle): Promise<number | 'nothing yet'> {
    try {
      const position = this.#isPipe ? null : this.#position;
      return (await file.read(this.#buffer, 0, chunkBytes, position)).bytesRead;
    } catch (error) {
      if (hasErrorCode(error, 'EAGAIN')) return 'nothing yet';
      throw error;
    }
  }

  async #decode(chunk: Buffer): Promise<void> {
    const gunzip = this.#gunzip;
    if (gunzip === undefined) return this.#split(chunk);
    await new Promise<void>((resolve) => {
      gunzip.write(chunk, () => resolve());
    });
    if (this.#gunzipError !== undefined) throw this.#gunzipError;
  }

  #split(chunk: Buffer): void {
    const lines = (this.#rest + this.#decoder.write(chunk)).split('\n');
    this.#rest = lines.pop() ?? '';
    for (const line of lines) {
      if (!this.#isTooLong) this.#onLine(line);
      this.#isTooLong = false;
    }
    if (this.#rest.length <= maxLineLength) return;
    this.#rest = '';
    this.#isTooLong = true;
  }
}
