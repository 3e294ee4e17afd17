import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import {
  bundleSize,
  isNearlyEqual,
  packageSizes,
  sizesPage,
  uses,
  withPackageSize,
  withSizeTables,
} from './support/bundle-sizes.ts';
import { rootFolder } from './support/workspace.ts';

describe('isNearlyEqual', () => {
  it('allows sizes to differ by 5 % and 0.1 kB, and nothing else', () => {
    expect(isNearlyEqual('4.2 kB of code', '4.0 kB of code')).toBe(true);
    expect(isNearlyEqual('0.1 kB; 9.9 kB', '0.2 kB; 10.0 kB')).toBe(true);
    expect(isNearlyEqual('4.4 kB of code', '4.0 kB of code')).toBe(false);
    expect(isNearlyEqual('4.0 kB; 8.0 kB', '4.0 kB; 9.0 kB')).toBe(false);
    expect(isNearlyEqual('4.0 kB of code', '4.0 kB of text')).toBe(false);
    expect(isNearlyEqual('no size', '4.0 kB')).toBe(false);
  });
});

it('a program without its unused exports is smaller', async () => {
  const whole = await bundleSize("export * from '@openset/uss';");
  expect(await bundleSize("import '@openset/uss';")).toBeLessThan(10);
  expect(await bundleSize("export { UssLoss } from '@openset/uss';")).toBeLessThan(whole);
});

// If this fails: npm run sizes. A new package needs a section "Size" in its README, as other packages have it.
it('the READMEs and docs/bundle-sizes.md state the sizes', async () => {
  const packages = await packageSizes();
  const page = readFileSync(sizesPage, 'utf8');
  const sizesOfUses = await Promise.all(uses.map(({ code }) => bundleSize(code)));
  const stale = packages.filter((size) => {
    const readme = readFileSync(join(rootFolder, 'packages', size.shortName, 'README.md'), 'utf8');
    return !isNearlyEqual(readme, withPackageSize(readme, size));
  });
  expect(stale).toEqual([]);
  expect(isNearlyEqual(page, withSizeTables(page, packages, sizesOfUses))).toBe(true);
});
