import { GeneratorHealth } from '../../load/generator-health.ts';
import { defineFact } from './facts.ts';
import { loadSamplesIn, steadyWindow } from './window.ts';

export { lastingShare, recurringShare } from '../../load/generator-limits.ts';

/** How the generator fared in the window, all of its processes. */
export const generatorInWindow = defineFact(['phases', 'load'], ({ load }, facts): GeneratorHealth => {
  const health = new GeneratorHealth();
  const window = facts.get(steadyWindow);
  if (window === undefined) return health;
  for (const series of load.values()) for (const { data } of loadSamplesIn(series, window)) health.add(data);
  return health;
});
