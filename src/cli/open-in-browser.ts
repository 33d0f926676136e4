import { spawn } from 'node:child_process';

/**
 * Asks the desktop to show a file, without waiting for it. Gives whether there is a desktop to ask, and somebody in
 * front of it: a display, and a terminal that stdout goes to.
 */
export function openInBrowser(path: string): boolean {
  const isMac = process.platform === 'darwin';
  const hasDisplay =
    isMac || process.env['DISPLAY'] !== undefined || process.env['WAYLAND_DISPLAY'] !== undefined;
  if (!process.stdout.isTTY || !hasDisplay) return false;
  const child = spawn(isMac ? 'open' : 'xdg-open', [path], { stdio: 'ignore', detached: true });
  child.on('error', ({ message }) => {
    process.stderr.write(`no browser was opened: ${message}\n`);
  });
  child.unref();
  return true;
}
