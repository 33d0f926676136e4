import { join, relative } from 'node:path';
import { BaseSequencer, type TestSpecification } from 'vitest/node';
import { longestFiles } from './longest-files.ts';

/**
 * Starts the files of each project that take longest first, so that none of them is left to run alone at the end; the
 * others come after them, in the order of the runner.
 */
export class LongestFirst extends BaseSequencer {
  override async sort(specifications: TestSpecification[]): Promise<TestSpecification[]> {
    const tests = join(this.ctx.config.root, 'test');
    const place = ({ moduleId }: TestSpecification): number => {
      const found = longestFiles.indexOf(relative(tests, moduleId).replace(/\.test\.ts$/, ''));
      return found === -1 ? longestFiles.length : found;
    };
    const inOrderOfRunner = super.sort.bind(this);
    const byProject = Map.groupBy(await inOrderOfRunner(specifications), ({ project }) => project.name);
    return [...byProject.values()].flatMap((files) => files.toSorted((a, b) => place(a) - place(b)));
  }
}
