import { expect, it } from 'vitest';
import type { Manifest } from '../workspace.ts';
import { provenanceProblem } from './provenance-problem.ts';

const onePackage = (repository?: Manifest['repository'], more: Partial<Manifest> = {}) => [
  { shortName: 'core', manifest: { name: '@openset/core', version: '0.1.0', repository, ...more } },
];
const asked = { npm_config_provenance: 'true', GITHUB_REPOSITORY: 'someone/openset' };

it('finds packages that npm would refuse with provenance, and says what to add', () => {
  const problem = provenanceProblem(onePackage(), asked);
  expect(problem).toMatch(/^npm refuses packages .* the repository: core\.\n/);
  expect(problem).toContain(
    'packages/core/package.json: "repository": {"type":"git","url":"git+https://github.com/someone/openset.git","directory":"packages/core"}',
  );
  expect(provenanceProblem(onePackage('github:somebody/else'), asked)).toContain('core');
  expect(provenanceProblem(onePackage(), { NPM_CONFIG_PROVENANCE: 'true' })).toContain('OWNER/NAME');
});

it('accepts the repository in the forms of npm', () => {
  for (const repository of [
    'someone/openset',
    'github:someone/openset',
    'https://github.com/Someone/openset',
    { type: 'git', url: 'git+https://github.com/someone/openset.git' },
    { type: 'git', url: 'git@github.com:someone/openset.git' },
  ]) {
    expect(provenanceProblem(onePackage(repository), asked)).toBeNull();
  }
  expect(provenanceProblem(onePackage('someone/fork'), { NPM_CONFIG_PROVENANCE: 'true' })).toBeNull();
});

it('asks nothing of private packages, and without provenance', () => {
  expect(provenanceProblem(onePackage(undefined, { private: true }), asked)).toBeNull();
  expect(provenanceProblem(onePackage(), { GITHUB_REPOSITORY: 'someone/openset' })).toBeNull();
  expect(provenanceProblem(onePackage(), { ...asked, npm_config_provenance: 'false' })).toBeNull();
});
