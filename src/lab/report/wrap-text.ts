/**
 * Breaks text into lines of at most `columns`, all but the first indented. A word longer than a line is cut.
 * Lines never end in a space.
 */
export function wrapText(text: string, columns: number, indent = ''): string[] {
  const lines: string[] = [];
  let line = '';
  const room = (): number => Math.max(1, columns - (lines.length === 0 ? 0 : indent.length));
  const end = (): void => {
    lines.push((lines.length === 0 ? '' : indent) + line);
    line = '';
  };
  for (const whole of text.split(/\s+/).filter((word) => word !== '')) {
    let word = whole;
    if (line !== '' && line.length + 1 + word.length > room()) end();
    while (word.length > room()) {
      const cut = room();
      line = word.slice(0, cut);
      word = word.slice(cut);
      end();
    }
    line = line === '' ? word : `${line} ${word}`;
  }
  if (line !== '' || lines.length === 0) end();
  return lines;
}
