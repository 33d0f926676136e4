import type { ReactNode } from 'react';
import type { Profile } from '../../lab/profile/profile.ts';
import { toCpuProfile } from '../../lab/profile/to-cpuprofile.ts';
import { toFolded } from '../../lab/profile/to-folded.ts';
import { toPprof } from '../../lab/profile/to-pprof.ts';
import { toSpeedscope } from '../../lab/profile/to-speedscope.ts';

interface ExportFormat {
  title: string;
  ending: string;
  type: string;
  content(profile: Profile): BlobPart | Promise<BlobPart>;
}

const formats: readonly ExportFormat[] = [
  {
    title: 'speedscope',
    ending: '.speedscope.json',
    type: 'application/json',
    content: (profile) => JSON.stringify(toSpeedscope(profile)),
  },
  {
    title: 'pprof',
    ending: '.pb.gz',
    type: 'application/gzip',
    content: (profile) => gzip(toPprof(profile)),
  },
  {
    title: '.cpuprofile',
    ending: '.cpuprofile',
    type: 'application/json',
    content: (profile) => JSON.stringify(toCpuProfile(profile)),
  },
  { title: 'folded stacks', ending: '.folded', type: 'text/plain', content: toFolded },
];

/** Downloads of the profile that is shown, built in the browser. */
export function ProfileExports({ profile, fileName }: { profile: Profile; fileName: string }): ReactNode {
  const hasSamples = profile.samples.length > 0;
  return (
    <div className="buttons" role="group" aria-label="Export the profile shown">
      {formats.map((format) => (
        <button
          key={format.title}
          type="button"
          disabled={!hasSamples && format.title !== 'folded stacks'}
          title={hasSamples ? '' : 'This report holds totals only; the whole profile lies in the bundle.'}
          onClick={() => void save(format, profile, fileName)}
        >
          {format.title}
        </button>
      ))}
    </div>
  );
}

async function save(format: ExportFormat, profile: Profile, fileName: string): Promise<void> {
  const url = URL.createObjectURL(new Blob([await format.content(profile)], { type: format.type }));
  const link = document.createElement('a');
  link.href = url;
  link.download = `${fileName}${format.ending}`;
  link.click();
  // The download has its own copy once it has begun.
  setTimeout(() => URL.revokeObjectURL(url), 60_000);
}

async function gzip(bytes: Uint8Array): Promise<ArrayBuffer> {
  const stream = new Blob([new Uint8Array(bytes)]).stream().pipeThrough(new CompressionStream('gzip'));
  return new Response(stream).arrayBuffer();
}
