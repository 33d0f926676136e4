import type { ReactNode } from 'react';

/** Text in which `backticks` mark names of code, as rules write their findings. */
export function RichText({ text }: { text: string }): ReactNode {
  return text
    .split(/(`[^`]+`)/)
    .map((part, index) => (/^`[^`]+`$/.test(part) ? <code key={index}>{part.slice(1, -1)}</code> : part));
}
