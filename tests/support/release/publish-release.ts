import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { runCommand, runSuccessfully } from '../run-command.ts';
import { readManifest, rootFolder, type WorkspacePackage, workspacePackages } from '../workspace.ts';
import { type LocalRegistry, startLocalRegistry } from './local-registry.ts';
import { copyRepository } from './release-copy.ts';

/** A release that was published to a registry on this machine. */
export interface PublishedRelease {
  readonly registry: LocalRegistry;
  /** The packages as published, with their changelogs. */
  readonly packages: readonly WorkspacePackage[];
  /** Stops the registry, and deletes what was published. */
  readonly close: () => Promise<void>;
}

/**
 * Runs `npm run version-packages` and `npm run release` in a copy of the repository, which builds, checks and publishes the packages.
 * Changes nothing in the repository.
 * @throws Error if a step fails, or if npm's registry, which has the other packages, does not answer
 */
export async function publishRelease(): Promise<PublishedRelease> {
  await requireRegistry();
  const folder = mkdtempSync(join(tmpdir(), 'openset-release-'));
  const registry = await startLocalRegistry(join(folder, 'registry'));
  const close = async () => {
    await registry.stop();
    rmSync(folder, { recursive: true, maxRetries: 3 });
  };
  try {
    const copy = join(folder, 'repository');
    const run = (program: string, parameters: readonly string[], environment = {}) =>
      runSuccessfully(program, parameters, { folder: copy, environment });
    await copyRepository(copy);
    await run('npm', ['run', 'version-packages']);
    await run('git', ['commit', '--quiet', '--all', '--message', 'Release']);
    await run('npm', ['run', 'release'], registry.publishing);
    const packages = workspacePackages()
      .filter(({ manifest }) => !manifest.private)
      .map((it) => inCopy(it, copy));
    return { registry, packages, close };
  } catch (error) {
    await close();
    throw error;
  }
}

function inCopy(it: WorkspacePackage, copy: string): WorkspacePackage {
  const folder = join(copy, 'packages', it.shortName);
  return { ...it, folder, manifest: readManifest(folder) };
}

/** @throws Error unless the registry that npm is configured for answers */
async function requireRegistry(): Promise<void> {
  const parameters = ['view', 'typescript', 'version', '--fetch-retries=1'];
  const { exitCode, output } = await runCommand('npm', parameters, { folder: rootFolder });
  if (exitCode === 0) return;
  const { stdout: address } = await runCommand('npm', ['config', 'get', 'registry'], { folder: rootFolder });
  throw new Error(
    `The registry of npm packages at ${address.trim()} does not answer, and the rehearsal of a release installs packages from it. ` +
      `Connect to it, or choose another one with \`npm config set registry\`.\n${output}`,
  );
}

/** Returns the version that the registry has as the latest of a package; undefined if it has none. */
export async function latestVersion(
  { registry }: PublishedRelease,
  name: string,
): Promise<string | undefined> {
  const answer = await fetch(`${registry.address}${name.replace('/', '%2f')}`);
  const { 'dist-tags': tags = {} } = (await answer.json()) as { 'dist-tags'?: Record<string, string> };
  return tags.latest;
}

/** Returns whether a published package has a changelog. */
export function hasChangelog({ folder }: WorkspacePackage): boolean {
  return existsSync(join(folder, 'CHANGELOG.md'));
}
