import type { ReactNode } from 'react';
import type { EmbeddedLogin } from '../../lab/load/web/stats-answer.ts';
import { ThemeToggle } from '../theme/theme-toggle.tsx';
import { useTheme } from '../theme/use-theme.ts';

/** Asks who opens the load test page. The form is sent by the browser itself; its answer is the page, or this again. */
export function LoginPage({ login }: { login: EmbeddedLogin }): ReactNode {
  const { theme, toggle } = useTheme();
  const { asksFor, problem } = login;
  return (
    <>
      <header className="top-bar">
        <span className="brand">Gaugeway load</span>
        <div className="actions">
          <ThemeToggle theme={theme} onToggle={toggle} />
        </div>
      </header>
      <main className="login">
        <form className="card form-grid" method="post" action="login">
          <h1>Log in</h1>
          {asksFor === 'password' ? (
            <>
              <label htmlFor="login-user">User</label>
              <input id="login-user" name="username" autoComplete="username" required autoFocus />
              <label htmlFor="login-password">Password</label>
              <input
                id="login-password"
                name="password"
                type="password"
                autoComplete="current-password"
                required
              />
            </>
          ) : (
            <>
              <label htmlFor="login-token">Token</label>
              <input
                id="login-token"
                name="token"
                type="password"
                autoComplete="current-password"
                required
                autoFocus
              />
              <p className="hint">The one that the load test was started with (--web-token).</p>
            </>
          )}
          {problem !== null && (
            <p role="alert" className="problem">
              {problem}
            </p>
          )}
          <button type="submit" className="primary">
            Log in
          </button>
        </form>
      </main>
    </>
  );
}
