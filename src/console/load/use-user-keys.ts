import { useEffect, useRef } from 'react';
import { isTyping } from '../keys/key-help.tsx';

/** How many users each key adds, as in Locust. */
const userKeys: Readonly<Record<string, number>> = { w: 1, W: 10, s: -1, S: -10 };

/** How long after a key its number counts rather than the server's, which may not yet have answered. */
const typingMs = 1_500;

/**
 * Changes the number of users by single keys while a test runs. Keys that are typed into a field, or together with Ctrl,
 * Alt or Meta, are left alone. `users` is what was asked for last.
 */
export function useUserKeys(options: {
  isRunning: boolean;
  users: number;
  onUsers: (users: number) => void;
  onHelp: () => void;
}): void {
  const latest = useRef(options);
  latest.current = options;
  const typed = useRef({ users: 0, untilMs: 0 });
  useEffect(() => {
    const onKey = (event: KeyboardEvent): void => {
      if (event.ctrlKey || event.altKey || event.metaKey || isTyping(event.target)) return;
      const { isRunning, users, onUsers, onHelp } = latest.current;
      if (event.key === '?') return onHelp();
      const step = userKeys[event.key];
      if (step === undefined || !isRunning) return;
      const nowMs = performance.now();
      const from = nowMs < typed.current.untilMs ? typed.current.users : users;
      const next = Math.max(1, from + step);
      typed.current = { users: next, untilMs: nowMs + typingMs };
      if (next !== from) onUsers(next);
    };
    document.addEventListener('keydown', onKey);
    return () => document.removeEventListener('keydown', onKey);
  }, []);
}
