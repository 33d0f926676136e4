import { GaugewayError } from '../../../shared/errors.ts';
import { builtIn } from '../load-plan.ts';
import { builtInScenarios, defaultScenarioName } from '../scenarios/built-in.ts';
import type { WeightedScenario } from '../scenarios/scenario.ts';

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
  get names(): string[] {
    return [...this.#byName.keys()];
  }

  /** Throws GaugewayError usage for a name that there is not. */
  choose(names: readonly string[]): WeightedScenario[] {
    return names.map((name) => {
      const found = this.#byName.get(name);
      if (found !== undefined) return found;
      throw new GaugewayError(
        'usage',
        `user_classes: no scenario '${name}': there are ${this.names.join(', ')}`,
      );
    });
  }
}
