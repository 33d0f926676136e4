import { useEffect, useState } from 'react';

export type Theme = 'light' | 'dark';

/**
 * The theme in force: the system's, or `initial`, until somebody chooses, and light on paper. Canvases must be drawn
 * again when it changes.
 */
export function useTheme(initial: Theme | null = null): { theme: Theme; toggle: () => void } {
  const prefersDark = useMediaQuery('(prefers-color-scheme: dark)');
  const printing = useMediaQuery('print');
  const [chosen, setChosen] = useState(initial);
  const onScreen = chosen ?? (prefersDark ? 'dark' : 'light');
  const theme = printing ? 'light' : onScreen;
  // Not in an effect: what is drawn in this very render already reads the colours.
  document.documentElement.dataset['theme'] = theme;
  return { theme, toggle: () => setChosen(onScreen === 'dark' ? 'light' : 'dark') };
}

/** Whether a media query holds now; `print` holds while the browser lays out pages for the printer. */
export function useMediaQuery(query: string): boolean {
  const [matches, setMatches] = useState(() => matchMedia(query).matches);
  useEffect(() => {
    const list = matchMedia(query);
    const update = (): void => setMatches(list.matches);
    list.addEventListener('change', update);
    return () => list.removeEventListener('change', update);
  }, [query]);
  return matches;
}

/** A colour of the theme, for canvases. */
export function themeColor(name: string): string {
  return getComputedStyle(document.documentElement).getPropertyValue(`--${name}`).trim();
}
