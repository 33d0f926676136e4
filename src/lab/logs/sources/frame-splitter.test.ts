import { describe, expect, test } from 'vitest';
import { FrameSplitter } from './frame-splitter.ts';

function frame(output: number, text: string): Buffer {
  const body = Buffer.from(text);
  const header = Buffer.alloc(8);
  header[0] = output;
  header.writeUInt32BE(body.length, 4);
  return Buffer.concat([header, body]);
}

describe('what the engine sends of a container', () => {
  test.for([1, 3, 8, 9, 1000])('is taken apart in pieces of %d bytes', (size) => {
    const sent = Buffer.concat([frame(1, 'out\n'), frame(2, 'err ä\n'), frame(1, ''), frame(1, 'more')]);
    const got: Record<string, string> = {};
    const frames = new FrameSplitter();
    for (let at = 0; at < sent.length; at += size) {
      frames.push(sent.subarray(at, at + size), (output, bytes) => {
        got[output] = (got[output] ?? '') + bytes.toString('latin1');
      });
    }
    expect(got).toEqual({ stdout: 'out\nmore', stderr: Buffer.from('err ä\n').toString('latin1') });
  });

  test('is refused when it is no frame', () => {
    expect(() => new FrameSplitter().push(Buffer.from('plain text'), () => undefined)).toThrow('no frames');
  });
});
