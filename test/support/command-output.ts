import { Command } from 'commander';
import { vi } from 'vitest';
import type { RegisterCommand } from '../../src/cli/program.ts';

/** What a command writes to stdout when it is run in this process; the test restores its mocks. */
export async function commandOutput(register: RegisterCommand, args: readonly string[]): Promise<string> {
  let text = '';
  vi.spyOn(process.stdout, 'write').mockImplementation((chunk) => {
    text += String(chunk);
    return true;
  });
  const program = new Command().exitOverride();
  register(program);
  await program.parseAsync(args, { from: 'user' });
  return text;
}
