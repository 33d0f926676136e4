import type { ReactNode } from 'react';
import type { Theme } from './use-theme.ts';

/** Switches between light and dark; says what it switches to. */
export function ThemeToggle({ theme, onToggle }: { theme: Theme; onToggle: () => void }): ReactNode {
  const other = theme === 'dark' ? 'light' : 'dark';
  return (
    <button type="button" onClick={onToggle} aria-label={`Switch to ${other} colours`}>
      {other === 'light' ? 'Light' : 'Dark'}
    </button>
  );
}
