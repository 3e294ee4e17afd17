import { join } from 'node:path';
import { expect, it } from 'vitest';
import { compilerOptions, undocumentedExports } from './support/documentation.ts';
import { rootFolder, sourceEntries, workspacePackages } from './support/workspace.ts';

// One program for all packages, because reading the types of tfjs takes most of the time.
it('every export of every package has a doc comment, and every member of a type', () => {
  const entries = workspacePackages().flatMap((one) => Object.values(sourceEntries(one)));
  const options = compilerOptions(join(rootFolder, 'tsconfig.json'));
  expect(undocumentedExports(entries, options)).toEqual([]);
});
