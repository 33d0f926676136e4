import { access, constants } from 'node:fs/promises';
import { delimiter, join } from 'node:path';

/** The first file of that name that may be executed, on PATH and then in `moreFolders`; undefined when there is none. */
export async function findProgram(
  name: string,
  moreFolders: readonly string[] = [],
): Promise<string | undefined> {
  const onPath = (process.env['PATH'] ?? '').split(delimiter).filter((folder) => folder !== '');
  const found = await Promise.all(
    [...onPath, ...moreFolders].map((folder) => {
      const path = join(folder, name);
      return access(path, constants.X_OK).then(
        () => path,
        () => undefined,
      );
    }),
  );
  return found.find((path) => path !== undefined);
}
