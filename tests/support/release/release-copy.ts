import { cpSync, mkdirSync, readdirSync, symlinkSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { runSuccessfully } from '../run-command.ts';
import { readManifest, rootFolder } from '../workspace.ts';

/** Copies the repository, without what git ignores, to a folder with a history of its own, and links the installed packages. */
export async function copyRepository(folder: string): Promise<void> {
  const listed = await runSuccessfully(
    'git',
    ['ls-files', '-z', '--cached', '--others', '--exclude-standard'],
    {
      folder: rootFolder,
    },
  );
  const files = listed.stdout.split('\0').filter(Boolean);
  for (const file of files) {
    mkdirSync(join(folder, dirname(file)), { recursive: true });
    cpSync(join(rootFolder, file), join(folder, file));
  }
  const generated = join('packages', 'wasm-kernels', 'src', 'generated');
  cpSync(join(rootFolder, generated), join(folder, generated), { recursive: true });
  linkInstalledPackages(folder);
  const git = (...parameters: string[]) => runSuccessfully('git', parameters, { folder });
  await git('init', '--quiet', '--initial-branch=main');
  await git('config', 'user.name', 'Rehearsal');
  await git('config', 'user.email', 'rehearsal@localhost');
  await git('config', 'commit.gpgsign', 'false');
  await git('add', '--all');
  await git('commit', '--quiet', '--message', 'State before the release');
}

/** Links what is installed in the repository. Packages of the workspace are linked to those of the copy, as npm does. */
function linkInstalledPackages(folder: string): void {
  const workspace = ['packages', 'examples'].flatMap((parent) =>
    readdirSync(join(folder, parent)).map((name) => join(parent, name)),
  );
  const own = new Map(workspace.map((path) => [readManifest(join(folder, path)).name, path]));
  const link = (from: string, to: string) => {
    mkdirSync(dirname(to), { recursive: true });
    symlinkSync(from, to);
  };
  const installed = join(rootFolder, 'node_modules');
  for (const name of readdirSync(installed)) {
    if (name.startsWith('@openset')) continue;
    link(join(installed, name), join(folder, 'node_modules', name));
  }
  for (const [name, path] of own) link(join(folder, path), join(folder, 'node_modules', name));
  for (const path of workspace) {
    const nested = join(rootFolder, path, 'node_modules');
    const names = readdirSync(join(rootFolder, path));
    if (names.includes('node_modules')) link(nested, join(folder, path, 'node_modules'));
  }
}
