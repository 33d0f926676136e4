const headerBytes = 8;
/** The engine cuts what a container writes into pieces of 16 KiB; a length far beyond it is none. */
const maxFrameBytes = 64 * 1024 * 1024;

const outputs = ['stdin', 'stdout', 'stderr'] as const;

/**
 * Takes apart what the Docker Engine sends of a container without a terminal: frames of an 8-byte header (output, three
 * zeros, length as a big-endian number) and that many bytes. Throws an Error for anything else.
 */
export class FrameSplitter {
  #header = Buffer.alloc(0);
  #output: (typeof outputs)[number] = 'stdout';
  #left = 0;

  push(chunk: Buffer, onBytes: (output: string, bytes: Buffer) => void): void {
    let rest = chunk;
    while (rest.length > 0) {
      if (this.#left > 0) {
        const bytes = rest.subarray(0, this.#left);
        this.#left -= bytes.length;
        rest = rest.subarray(bytes.length);
        onBytes(this.#output, bytes);
        continue;
      }
      const missing = headerBytes - this.#header.length;
      this.#header = Buffer.concat([this.#header, rest.subarray(0, missing)]);
      rest = rest.subarray(missing);
      if (this.#header.length < headerBytes) return;
      const output = outputs[this.#header[0] ?? outputs.length];
      const length = this.#header.readUInt32BE(4);
      if (output === undefined || length > maxFrameBytes) throw new Error('the engine sent no frames');
      this.#output = output;
      this.#left = length;
      this.#header = Buffer.alloc(0);
    }
  }
}
