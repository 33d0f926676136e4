/**
 * A text that comes from elsewhere (a target, a recording) as one that is safe to print on a terminal: control
 * characters, with which it could move the cursor or make up lines, become spaces.
 */
export function oneLine(text: string): string {
  return text.replaceAll(/\p{Cc}/gu, ' ');
}
