import { figure, percent } from '../diagnose/computed/figures.ts';
import { frameClassWords, type FrameClass } from './frame-class.ts';
import type { FlameReading } from './read-flame.ts';

/** A sentence about what is to be seen, with the share (of 1) that it is about. */
export interface FlameRemark {
  share: number;
  text: string;
  /** What to do about it. */
  advice?: string;
}

/** A kind of work with less of the whole is not what a program is slow by. */
const leastShare = 0.05;
/** The three that the guide looks for first in a gateway. */
const guideClasses: readonly FrameClass[] = ['template', 'json', 'database'];
/** Fewer samples than this tell a share no closer than 10 points. */
const fewSamples = 100;
/** Half of the stacks deeper than this: each call goes through dozens of wrappers. */
const deepMedian = 60;

const adviceByClass: Partial<Record<FrameClass, string>> = {
  template: 'Cache what was rendered, render less of a page at once, and compile templates once.',
  json: 'Parse and write each document once, answer with less, or hand the bytes on as they came.',
  database:
    'Ask for fewer rows and columns, fewer times; look for a query in a loop, and at the building of objects.',
  validation: 'Validate at the edge once, and build validators at the start, not per request.',
  crypto: 'Keep connections open, remember tokens that were verified, and hash less.',
  compression: 'Compress in the proxy, at a lower level, and only what is large and goes over a network.',
  gc: 'Look at what allocates: a profile of allocations names it.',
  regexp: 'Look for patterns that go back and forth over long texts, and compile each once.',
  logging: 'Log less on the hot path, and ask for the level before building the line.',
};

/** What to look at in a profile, the weightiest first; what the guide asks for comes before. */
export function flameRemarks(reading: Omit<FlameReading, 'remarks'>): FlameRemark[] {
  if (reading.busy === 0) return [{ share: 0, text: 'Nothing but waiting was sampled.' }];
  const remarks = [
    ...classRemarks(reading),
    ...wideRemarks(reading),
    ...markRemarks(reading),
    ...depthRemarks(reading),
  ];
  return [...trustRemarks(reading), guideRemark(reading), ...remarks.toSorted((a, b) => b.share - a.share)];
}

const isTime = ({ unit }: { unit: FlameReading['unit'] }): boolean => unit === 'microseconds';
const wholeOf = (reading: { unit: FlameReading['unit'] }): string =>
  isTime(reading) ? 'busy time' : 'allocated bytes';

function trustRemarks({ sampled }: Omit<FlameReading, 'remarks'>): FlameRemark[] {
  return sampled === null || sampled.count >= fewSamples
    ? []
    : [
        {
          share: 1,
          text: `Only ${figure(sampled.count)} samples: a share may be off by ${Math.round(sampled.margin * 100)} points.`,
          advice: 'Record for longer, or under load.',
        },
      ];
}

function guideRemark(reading: Omit<FlameReading, 'remarks'>): FlameRemark {
  const parts = guideClasses.map((name) => ({
    name,
    share: reading.classes.find((each) => each.class === name)?.share ?? 0,
  }));
  return {
    share: parts.reduce((sum, { share }) => sum + share, 0),
    text: `What is looked for first: ${parts.map(({ name, share }) => `${frameClassWords[name]} ${percent(share)}`).join(', ')} of the ${wholeOf(reading)}.`,
  };
}

function classRemarks(reading: Omit<FlameReading, 'remarks'>): FlameRemark[] {
  return reading.classes
    .filter(({ class: name, share }) => share >= leastShare && adviceByClass[name] !== undefined)
    .map(({ class: name, share }) => {
      const widest = reading.wide.find((each) => each.class === name && each.kind !== 'gc');
      const caller = widest?.calledBy ?? null;
      const where =
        widest === undefined
          ? ''
          : `, most at one place in ${widest.label}${caller === null ? '' : `, called from ${caller.label}`}`;
      return {
        share,
        text: `${capital(frameClassWords[name])} takes ${percent(share)} of the ${wholeOf(reading)}${where}.`,
        advice: adviceByClass[name] ?? '',
      };
    });
}

function wideRemarks(reading: Omit<FlameReading, 'remarks'>): FlameRemark[] {
  const own = reading.wide.find(({ kind }) => kind === 'own');
  if (own === undefined) return [];
  const does = isTime(reading) ? 'runs' : 'allocates';
  return [
    {
      share: own.selfShare,
      text:
        own.selfShare >= leastShare
          ? `The widest own function, ${own.label}, ${does} ${percent(own.selfShare)} itself, ${percent(own.totalShare)} with what it calls.`
          : `Own code is widest at ${own.label}: ${percent(own.totalShare)} with what it calls.`,
    },
  ];
}

function markRemarks({ marked }: Omit<FlameReading, 'remarks'>): FlameRemark[] {
  return marked.map(({ label, marks, selfShare }) => ({
    share: selfShare,
    text: `${label} takes ${percent(selfShare)} and is ${marks.map(({ kind, reason, count }) => `${kind} (${reason}${count > 1 ? `, ${figure(count)} times` : ''})`).join(', ')}.`,
    advice: marks.some(({ kind }) => kind === 'megamorphic')
      ? 'Give the objects that come here one shape: the same properties in the same order.'
      : 'Give it arguments of the same types and shapes each time.',
  }));
}

function depthRemarks({ deep }: Omit<FlameReading, 'remarks'>): FlameRemark[] {
  const [most] = deep.madeOf.toSorted((a, b) => b.share - a.share);
  const deepest: FlameRemark[] =
    deep.median < deepMedian
      ? []
      : [
          {
            share: 0.5,
            text: `Stacks are deep: half of the time in ${deep.median} frames and more${most === undefined ? '' : `, ${percent(most.share)} of them ${most.name === 'own' ? 'own code' : most.name === 'runtime' ? "the runtime's" : `of ${most.name}`}`}.`,
            advice: 'Look for layers that each call goes through: middleware, decorators, wrappers.',
          },
        ];
  const unusual: FlameRemark[] =
    deep.share < leastShare
      ? []
      : [
          {
            share: deep.share,
            text: `${percent(deep.share)} is in stacks of more than ${deep.usual} frames, where half have no more than ${deep.median}; the deepest has ${deep.max}.`,
          },
        ];
  const repeated = deep.repeated
    .filter(({ share }) => share >= leastShare)
    .slice(0, 2)
    .map(({ label, times, share }) => ({
      share,
      text: `${label} stands up to ${times} times on one stack, in ${percent(share)}: recursion, or wrappers around wrappers.`,
    }));
  return [...deepest, ...unusual, ...repeated];
}

function capital(words: string): string {
  return words.slice(0, 1).toUpperCase() + words.slice(1);
}
