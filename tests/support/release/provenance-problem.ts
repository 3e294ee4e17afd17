import type { WorkspacePackage } from '../workspace.ts';

/** The variables of a release that this check reads. */
export type ReleaseEnvironment = Readonly<Record<string, string | undefined>>;

/**
 * Returns why npm would refuse to publish packages with provenance, and what to do; null if it would not, or if provenance is not asked
 * for. npm compares the field `repository` with the repository whose workflow publishes.
 * @param environment `NPM_CONFIG_PROVENANCE`, in any case, asks for provenance; GitHub sets `GITHUB_REPOSITORY`
 */
export function provenanceProblem(
  packages: readonly Pick<WorkspacePackage, 'shortName' | 'manifest'>[],
  environment: ReleaseEnvironment,
): string | null {
  const asked = Object.entries(environment).some(
    ([name, value]) => name.toLowerCase() === 'npm_config_provenance' && value === 'true',
  );
  if (!asked) return null;
  const expected = environment.GITHUB_REPOSITORY ?? 'OWNER/NAME';
  const isRight = ({ manifest: { repository } }: (typeof packages)[number]) => {
    const address = (typeof repository === 'string' ? repository : repository?.url) ?? '';
    const [, found] = /([^/:]+\/[^/]+?)(\.git)?$/.exec(address) ?? [];
    if (environment.GITHUB_REPOSITORY === undefined) return found !== undefined;
    return found?.toLowerCase() === expected.toLowerCase();
  };
  const wrong = packages.filter(({ manifest }) => !manifest.private).filter((one) => !isRight(one));
  const [first] = wrong;
  if (!first) return null;
  const field = {
    type: 'git',
    url: `git+https://github.com/${expected}.git`,
    directory: `packages/${first.shortName}`,
  };
  return [
    `npm refuses packages with provenance whose package.json does not name the repository: ${wrong.map(({ shortName }) => shortName).join(', ')}.`,
    `Expected in packages/${first.shortName}/package.json: "repository": ${JSON.stringify(field)}`,
    'Add this field to each, with its own directory, or publish without NPM_CONFIG_PROVENANCE.',
  ].join('\n');
}
