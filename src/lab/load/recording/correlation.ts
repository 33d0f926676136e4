import type { JsonValue } from '../scenarios/json-value.ts';
import type { Extraction } from '../scenarios/scenario.ts';
import { variablePattern } from '../scenarios/template.ts';
import type { VariableNames } from './variable-names.ts';

/** Values that are shorter may be the same by coincidence. */
const minTextLength = 8;
const minNumber = 100_000;
const maxTextLength = 4_096;
/** Of one answer. */
const maxValues = 20_000;

interface Given {
  step: number;
  path: string;
  key: string;
  /** What the step asked for, to tell one `id` from another. */
  of: string;
}

/**
 * Finds out which values of requests came from earlier answers, so that they are taken from the answers again. Told the
 * steps in their order: first what each sends, then what it was answered. A value that a request sent before any answer
 * gave it is the user's own.
 */
export class Correlation {
  readonly #given = new Map<string | number, Given>();
  readonly #sent = new Set<string>();
  readonly #variables = new Map<Given, string>();
  readonly #names: VariableNames;

  constructor(names: VariableNames) {
    this.#names = names;
  }

  /** The expression for a value that an earlier answer gave. `asText`: where a number is written as text, too. */
  expressionFor(value: string | number, asText: boolean): string | undefined {
    const number = asText && String(Number(value)) === value ? this.#given.get(Number(value)) : undefined;
    const given = this.#given.get(value) ?? number;
    if (given === undefined) {
      this.#sent.add(String(value));
      return undefined;
    }
    const known = this.#variables.get(given);
    const name = known ?? this.#nameFor(given);
    this.#variables.set(given, name);
    return `\${${name}}`;
  }

  /** Learns the values of the answer to a step, which asked for `of` (the last word of its path, or a method). */
  learn(step: number, answer: JsonValue, of: string): void {
    let left = maxValues;
    const visit = (value: JsonValue, path: string, key: string): void => {
      if (left <= 0) return;
      if (typeof value === 'object' && value !== null) {
        if (Array.isArray(value)) value.forEach((item, index) => visit(item, `${path}[${index}]`, key));
        else for (const [name, member] of Object.entries(value)) visit(member, path + memberPath(name), name);
        return;
      }
      left -= 1;
      const identifies =
        typeof value === 'number' ? isTelling(value) : typeof value === 'string' && isTellingText(value);
      if (!identifies || (typeof value !== 'string' && typeof value !== 'number')) return;
      if (this.#given.has(value) || this.#sent.has(String(value))) return;
      this.#given.set(value, { step, path, key, of });
    };
    visit(answer, '$', '');
  }

  /** What a step has to take from its answer for those after it. */
  extractionsOf(step: number): Extraction[] {
    return [...this.#variables]
      .filter(([given]) => given.step === step)
      .map(([{ path }, variable]) => ({ variable, from: { kind: 'json', path } }));
  }

  #nameFor({ key, of }: Given): string {
    const isGeneral = key === '' || /^(id|uuid|uri|name|key)$/i.test(key);
    return this.#names.unique(isGeneral ? `${of}_${key}` : key);
  }
}

function isTelling(value: number): boolean {
  return Number.isSafeInteger(value) && value >= minNumber;
}

/** An id, a token or a cursor rather than a word or a date. */
function isTellingText(value: string): boolean {
  if (value.length < minTextLength || value.length > maxTextLength) return false;
  if (!/^[\x21-\x7e]+$/.test(value) || /^\d{4}-\d\d-\d\d$/.test(value)) return false;
  return /\d/.test(value) || value.length >= 24;
}

function memberPath(name: string): string {
  if (variablePattern.test(name)) return `.${name}`;
  return `['${name
    .replaceAll('\\', '\\\\')
    .replaceAll("'", "\\'")
    .replaceAll(/\p{Cc}/gu, escaped)}']`;
}

function escaped(character: string): string {
  return `\\u${(character.codePointAt(0) ?? 0).toString(16).padStart(4, '0')}`;
}
