import { maskSecrets } from '../../shared/mask-secrets.ts';
import type { ProfileSet } from '../profile/profile-set.ts';

/** A set without secrets: command lines name its parts, and code that was made at run time may hold more than a name. */
export function maskSet({ title, facts, parts }: ProfileSet): ProfileSet {
  return {
    title: maskSecrets(title),
    facts: facts.map(maskSecrets),
    parts: parts.map(({ label, profile }) => ({
      label: maskSecrets(label),
      profile: {
        ...profile,
        name: maskSecrets(profile.name),
        frames: profile.frames.map((frame) => ({
          ...frame,
          name: maskSecrets(frame.name),
          file: maskSecrets(frame.file),
        })),
      },
    })),
  };
}
