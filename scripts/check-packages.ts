// Checks the packages as npm would publish them: their fields and files (publint), and whether TypeScript
// finds their types (attw). In the folder of a package, checks this one; in the root folder, all.
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { checkPackage, createPackageFromTarballData } from '@arethetypeswrong/core';
import { problemKindInfo } from '@arethetypeswrong/core/problems';
import { publint } from 'publint';
import { formatMessage } from 'publint/utils';
import { rootFolder, workspacePackages } from '../tests/support/workspace.ts';

/** Kinds of resolution that packages of ES modules alone need not support. */
const unsupported = ['node10', 'node16-cjs'];

const here = process.cwd();
const checked = workspacePackages().filter(({ folder }) => here === rootFolder || here === folder);
const tarballFolder = mkdtempSync(join(tmpdir(), 'openset-check-'));
const problems: string[] = [];
try {
  for (const [name, tarball] of packAll()) {
    const { messages, pkg } = await publint({ pack: { tarball: tarball.buffer }, strict: true });
    problems.push(...messages.map((message) => `${name}: ${formatMessage(message, pkg, { color: false })}`));
    const analysis = await checkPackage(createPackageFromTarballData(tarball));
    for (const problem of analysis.types ? analysis.problems : []) {
      if ('resolutionKind' in problem && unsupported.includes(problem.resolutionKind)) continue;
      problems.push(`${name}: ${problemKindInfo[problem.kind].description} ${JSON.stringify(problem)}`);
    }
  }
} finally {
  rmSync(tarballFolder, { recursive: true });
}
for (const problem of problems) console.error(problem);
if (problems.length > 0) process.exitCode = 1;

/** Packs the packages as `npm publish` does. Returns the tarballs by package name. */
function packAll(): [name: string, tarball: Uint8Array<ArrayBuffer>][] {
  const names = checked.map(({ manifest }) => manifest.name);
  const flags = ['--json', '--silent', `--pack-destination=${tarballFolder}`];
  execFileSync('npm', ['pack', ...flags, ...names.map((name) => `--workspace=${name}`)], {
    cwd: rootFolder,
    stdio: ['ignore', 'ignore', 'inherit'],
  });
  return checked.map(({ manifest: { name, version } }) => {
    const file = `${name.replace('@', '').replace('/', '-')}-${version}.tgz`;
    return [name, Uint8Array.from(readFileSync(join(tarballFolder, file)))];
  });
}
