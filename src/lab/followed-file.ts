import { constants } from 'node:fs';
import { open, stat, type FileHandle } from 'node:fs/promises';
import { createGunzip, type Gunzip } from 'node:zlib';
import { hasErrorCode } from '../shared/system-error.ts';
import { LineSplitter } from './line-splitter.ts';

const chunkBytes = 256 * 1024;
/** What one pull reads at most, so that whoever pulls gets its turn. */
const pullBytes = 32 * 1024 * 1024;

/**
 * Lines of a file that another program writes: one that grows, may be begun anew, replaced by another of its name
 * (log rotation) or is not there yet, a FIFO, or a gzip file (by its name). Holds a chunk and a line at most.
 */
export class FollowedFile {
  readonly #path: string;
  readonly #buffer = Buffer.alloc(chunkBytes);
  #file: FileHandle | undefined;
  #isPipe = false;
  #position = 0;
  #gunzip: Gunzip | undefined;
  #gunzipError: Error | undefined;
  #lines = new LineSplitter();
  #leftOut = 0;
  #onLine: (line: string) => void = () => undefined;

  constructor(path: string) {
    this.#path = path;
  }

  /** Leaves out what is in the file already; not of a FIFO, nor of gzip, which can only be read from its beginning. */
  async skip(): Promise<void> {
    const file = await this.#open();
    if (file === undefined || this.#isPipe || this.#path.endsWith('.gz')) return;
    this.#position = (await file.stat()).size;
    this.#lines = new LineSplitter(await this.#isWithinLine(file));
  }

  /** Bytes that were read of the file as it is now, and its size; of no meaning for a FIFO. */
  async progress(): Promise<{ bytes: number; ofBytes: number } | undefined> {
    return this.#file && { bytes: this.#position, ofBytes: (await this.#file.stat()).size };
  }

  /** Lines that were left out because of their length. */
  get tooLong(): number {
    return this.#leftOut + this.#lines.tooLong;
  }

  /**
   * Hands on the whole lines that were written since the last call. `bytes` is how much was read, `ended` whether the
   * writer of a FIFO has closed it. Rejects when the file cannot be read, or is not gzip.
   */
  async pull(onLine: (line: string) => void): Promise<{ bytes: number; ended: boolean }> {
    this.#onLine = onLine;
    let file = await this.#open();
    let bytes = 0;
    while (file !== undefined && bytes < pullBytes) {
      const read = await this.#read(file);
      if (read === 'nothing yet') break;
      if (read === 0) {
        if (this.#isPipe) return { bytes, ended: this.#position > 0 };
        if (!(await this.#wasReplaced(file))) break;
        await this.close();
        file = await this.#open();
        continue;
      }
      bytes += read;
      this.#position += read;
      await this.#decode(Buffer.from(this.#buffer.subarray(0, read)));
    }
    return { bytes, ended: false };
  }

  /** Hands on the last line, which may not be whole yet. */
  takeRest(onLine: (line: string) => void): void {
    this.#lines.end(onLine);
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
    this.#leftOut += this.#lines.tooLong;
    this.#lines = new LineSplitter();
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
    this.#lines.push(chunk, this.#onLine);
  }

  /** Whether what is written next goes on with a line. */
  async #isWithinLine(file: FileHandle): Promise<boolean> {
    if (this.#position === 0) return false;
    const { bytesRead, buffer } = await file.read(Buffer.alloc(1), 0, 1, this.#position - 1);
    return bytesRead === 1 && buffer[0] !== '\n'.charCodeAt(0);
  }

  /** Whether its name now stands for another file; while there is none, the old one may still grow. */
  async #wasReplaced(file: FileHandle): Promise<boolean> {
    try {
      const [named, opened] = await Promise.all([stat(this.#path), file.stat()]);
      return named.ino !== opened.ino || named.dev !== opened.dev;
    } catch (error) {
      if (hasErrorCode(error, 'ENOENT')) return false;
      throw error;
    }
  }
}
