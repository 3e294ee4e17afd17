// Brings the sizes in packages/*/README.md and docs/bundle-sizes.md up to date: npm run sizes
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import {
  bundleSize,
  packageSizes,
  sizesPage,
  uses,
  withPackageSize,
  withSizeTables,
} from '../tests/support/bundle-sizes.ts';
import { rootFolder } from '../tests/support/workspace.ts';

const packages = await packageSizes();
const sizesOfUses = await Promise.all(uses.map(({ code }) => bundleSize(code)));
for (const size of packages) {
  const path = join(rootFolder, 'packages', size.shortName, 'README.md');
  writeFileSync(path, withPackageSize(readFileSync(path, 'utf8'), size));
}
writeFileSync(sizesPage, withSizeTables(readFileSync(sizesPage, 'utf8'), packages, sizesOfUses));
