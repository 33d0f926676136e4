import { maskCommand } from '../../shared/mask-command.ts';
import { maskSecrets } from '../../shared/mask-secrets.ts';
import type { ProfileSet } from '../profile/profile-set.ts';

/** A set without secrets: command lines name its parts, and code that was made at run time may hold more than a name. */
export function maskSet({ title, facts, parts }: ProfileSet): ProfileSet {
  return {
    title: maskSecrets(title),
    facts: facts.map(maskSecrets),
    parts: parts.map(({ label, profile }) => ({
      label: maskName(label),
      profile: {
        ...profile,
        name: maskSecrets(profile.name),
        frames: profile.frames.map((frame) => ({
          ...frame,
          name: maskName(frame.name),
          file: maskSecrets(frame.file),
        })),
      },
    })),
  };
}

/** py-spy writes processes as frames, which other tools' formats keep as they are. */
function maskName(name: string): string {
  return /^process \d+:"/.test(name) ? maskCommand(name.split(' ')) : maskSecrets(name);
}
