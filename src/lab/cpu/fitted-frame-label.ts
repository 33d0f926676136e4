import { oneLine } from '../../shared/one-line.ts';
import { frameLabel } from '../profile/frame-label.ts';
import type { Frame } from '../profile/profile.ts';

/**
 * A frame's label in at most `width` characters: its path loses folders from the left, then its name is cut, so that
 * the file and the line stay readable.
 */
export function fittedFrameLabel(frame: Pick<Frame, 'name' | 'file' | 'line'>, width: number): string {
  const clean = { column: 0, ...frame, name: oneLine(frame.name), file: oneLine(frame.file) };
  const parts = clean.file.split(/[/\\]/);
  for (let from = 0; from < parts.length; from += 1) {
    const file = from === 0 ? clean.file : parts.slice(from).join('/');
    const label = frameLabel({ ...clean, file });
    if (label.length <= width) return label;
  }
  const place = frameLabel({ ...clean, file: parts.at(-1) ?? '', name: '' });
  const room = width - place.length - 1;
  // Where even the place leaves no room to speak of, the name says more.
  if (room < shortestName) return cut(clean.name, width);
  return `${cut(clean.name, room)}${place}`;
}

const shortestName = 8;

function cut(text: string, width: number): string {
  return text.length <= width ? text : `${text.slice(0, Math.max(0, width - 1))}…`;
}
