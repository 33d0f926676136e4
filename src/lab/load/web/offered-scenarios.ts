import { GaugewayError } from '../../../shared/errors.ts';
import { builtIn } from '../load-plan.ts';
import { builtInScenarios, defaultScenarioName } from '../scenarios/built-in.ts';
import type { WeightedScenario } from '../scenarios/scenario.ts';
import { sharesAsked } from './locust-answers.ts';

/** What a person at the page may choose from: the built-in scenarios, and those that the command was started with. */
export class OfferedScenarios {
  readonly #byName = new Map<string, WeightedScenario>();
  /** Chosen until somebody chooses others. */
  readonly first: WeightedScenario[];

  constructor(given: readonly WeightedScenario[] | undefined) {
    this.first = [...(given ?? [builtIn(defaultScenarioName)])];
    for (const each of this.first) this.#byName.set(each.scenario.name, each);
    for (const [name, scenario] of builtInScenarios) {
      if (!this.#byName.has(name)) this.#byName.set(name, { weight: 1, scenario });
    }
  }

  /** Those that the command was started with first. */
  get list(): { name: string; description: string }[] {
    return [...this.#byName.values()].map(({ scenario: { name, description = '' } }) => ({
      name,
      description,
    }));
  }

  /** Throws GaugewayError usage for a name that there is not. */
  choose(names: readonly string[]): WeightedScenario[] {
    return [...new Set(names)].map((name) => {
      const found = this.#byName.get(name);
      if (found !== undefined) return found;
      throw new GaugewayError('usage', `user_classes: ${this.#unknown(name)}`);
    });
  }

  /** What is known of one of them. Throws GaugewayError not_found for a name that there is not. */
  find(name: string): { weight: number; tasks: string[] } {
    const found = this.#byName.get(name);
    if (found === undefined) throw new GaugewayError('not_found', this.#unknown(name));
    return { weight: found.weight, tasks: sharesAsked(found).map((task) => task.name) };
  }

  /** Its share of the users beside others, from the next test on. */
  setWeight(name: string, weight: number): void {
    const found = this.#byName.get(name);
    if (found !== undefined) this.#byName.set(name, { ...found, weight });
  }

  #unknown(name: string): string {
    return `no scenario '${name}': there are ${[...this.#byName.keys()].join(', ')}`;
  }
}
