import type { ScenarioDefinition } from '../scenarios/scenario-definition.ts';

/** A scenario that was made from something else, and what of that it does not hold. */
export interface RecordedScenario {
  definition: ScenarioDefinition;
  /** Where its requests went when they were recorded, or where the document came from; undefined for a document in a file. */
  origin: string | undefined;
  leftOut: LeftOut[];
}

export interface LeftOut {
  name: string;
  reason: string;
  count: number;
}

/** Collects what is left out; the same name with the same reason is counted. */
export class LeftOutList {
  readonly #byText = new Map<string, LeftOut>();

  add(name: string, reason: string): void {
    const key = `${name}\n${reason}`;
    const known = this.#byText.get(key);
    if (known === undefined) this.#byText.set(key, { name, reason, count: 1 });
    else known.count += 1;
  }

  get list(): LeftOut[] {
    return [...this.#byText.values()];
  }
}

/** The name of a scenario that is made from this file or URL: its last part, in the letters that names have. */
export function scenarioNameOf(source: string): string {
  const last = source.split(/[/\\]/).findLast((part) => part !== '') ?? '';
  const name = last.replace(/\.(har|json|ya?ml)$/i, '').replaceAll(/[^\w.-]+/g, '-');
  return name.slice(0, 100) || 'recorded';
}
