import type { Capacity } from '../capacity/capacity-schema.ts';
import type { Finding, Verdict } from '../run-document.ts';

/** The sign of each verdict, beside its word. */
export const verdictSigns: Record<Verdict, string> = {
  fail: '✕',
  warn: '!',
  pass: '✓',
  'not-applicable': '–',
  error: '?',
};

/** The answer of a run in one sentence, from its first finding, if it has any. */
export function verdictSentence(first: Finding | undefined): string {
  if (!first) return 'Nothing found that limits this stack at this load.';
  if (first.verdict === 'fail') return `${first.title}.`;
  if (first.verdict === 'warn') return `Nothing fails. Worth a look: ${lowerFirst(first.title)}.`;
  return `Not everything could be checked: ${lowerFirst(first.title)}.`;
}

const figure = new Intl.NumberFormat('en', { maximumSignificantDigits: 3 });

/** The answer of a run that looked for the capacity, in one sentence. */
export function capacitySentence({ answer, knee, ended, steps }: Capacity): string {
  if (answer === null) {
    const lowest = steps.toSorted((a, b) => a.users - b.users)[0];
    return lowest === undefined
      ? 'No level of load could be measured.'
      : `Not even ${counted(lowest.users)} can be served within ${lowest.broken.join(' and ')}.`;
  }
  const rate = `${figure.format(answer.rps)} requests/s`;
  if (answer.atLeast) {
    const why = {
      generator: 'the load generator reached its own limit',
      'max-users': 'the ramp ended there',
      interrupted: 'the run was stopped there',
      threshold: 'a threshold broke there',
      throughput: 'throughput stopped growing there',
    }[ended];
    return `This stack holds at least ${rate} with ${counted(answer.users)}: ${why}.`;
  }
  const broken = [...new Set(steps.flatMap((step) => step.broken))];
  if (ended === 'threshold' && (knee === null || answer.users < knee.users)) {
    return `This stack holds ${rate} with ${counted(answer.users)} within ${broken.join(' and ')}.`;
  }
  return `This stack holds ${rate}, reached with ${counted(answer.users)}; more users only wait longer.`;
}

/** The verdict of such a run: an answer is a pass, a lower bound is something to look at. */
export function capacityVerdict({ answer }: Capacity): Verdict {
  if (answer === null) return 'fail';
  return answer.atLeast ? 'warn' : 'pass';
}

function counted(users: number): string {
  return `${users.toLocaleString('en')} ${users === 1 ? 'user' : 'users'}`;
}

/** Keeps acronyms such as `CPU` as they are. */
export function lowerFirst(text: string): string {
  return /^[A-Z][a-z ]/.test(text) ? text.charAt(0).toLowerCase() + text.slice(1) : text;
}
