import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { rootFolder } from './support/workspace.ts';

const folder = join(rootFolder, '.github', 'workflows');
const read = (file: string) => readFileSync(join(folder, file), 'utf8');
const { scripts } = JSON.parse(readFileSync(join(rootFolder, 'package.json'), 'utf8'));

describe('the workflows on GitHub', () => {
  it.each(readdirSync(folder))('%s calls scripts that exist', (file) => {
    const called = [...read(file).matchAll(/npm run (\S+)|(\.ci\/run)$/gm)].map(
      ([, script, gate]) => script ?? gate,
    );
    expect(called.length).toBeGreaterThan(0);
    expect(called.filter((name) => name !== '.ci/run' && !(name! in scripts))).toEqual([]);
  });

  it('a release is rehearsed, and published with a statement of where it was built', () => {
    const release = read('release.yml');
    expect(release).toContain("NPM_CONFIG_PROVENANCE: 'true'");
    expect(release).toContain('id-token: write');
    expect(release.indexOf('rehearse-release')).toBeLessThan(release.indexOf('changesets/action'));
  });
});
