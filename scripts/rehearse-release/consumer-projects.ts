import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { transform } from 'esbuild';
import { findChromium, launchChromium, serveFolders } from '../../tests/support/browser.ts';
import { type CommandOptions, runSuccessfully } from '../../tests/support/run-command.ts';
import {
  lockedPackage,
  rootFolder,
  sourceEntries,
  type WorkspacePackage,
} from '../../tests/support/workspace.ts';

const tenLines = readFileSync(join(rootFolder, 'examples', 'ten-lines', 'src', 'main.ts'), 'utf8');
const tenLinesPackages = ['@openset/bce-unified', '@openset/core', lockedPackage('@tensorflow/tfjs')];

/** Makes an empty project of ES modules, and installs packages into it. */
async function makeProject(options: CommandOptions, packages: readonly string[]): Promise<void> {
  mkdirSync(options.folder, { recursive: true });
  writeFileSync(join(options.folder, 'package.json'), JSON.stringify({ private: true, type: 'module' }));
  await runSuccessfully('npm', ['install', '--no-audit', '--no-fund', ...packages], options);
}

/** Returns the threshold that the ten lines print. @throws Error if they print none */
function thresholdIn(output: string): string {
  const [, text = ''] = /cosine with the class weight is at least (\S+)/.exec(output) ?? [];
  if (!(Number(text) > 0 && Number(text) < 1))
    throw new Error(`The ten lines printed no threshold, but:\n${output}`);
  return text;
}

/** A project of JavaScript modules: runs the ten lines with each version of Node, and the `openset` command. */
export async function tryNode(
  options: CommandOptions,
  nodes: ReadonlyMap<string, string>,
): Promise<string[]> {
  await makeProject(options, [...tenLinesPackages, '@openset/cli']);
  const { code } = await transform(tenLines, { loader: 'ts' });
  writeFileSync(join(options.folder, 'main.js'), code);
  const lines: string[] = [];
  for (const [version, program] of nodes) {
    const { stdout } = await runSuccessfully(program, ['main.js'], options);
    const command = join('node_modules', '@openset', 'cli', 'dist', 'main.js');
    const { stdout: name } = await runSuccessfully(program, [command, '--version'], options);
    lines.push(`Node ${version}: threshold ${thresholdIn(stdout)}; openset ${name.trim()}`);
  }
  const { stdout } = await runSuccessfully('npx', ['openset', '--version'], options);
  return [...lines, `npx openset: ${stdout.trim()}`];
}

/** A TypeScript project that imports every entry of every package: compiles it as bundlers and as Node resolve modules. */
export async function tryTypeScript(
  options: CommandOptions,
  packages: readonly WorkspacePackage[],
): Promise<string[]> {
  const entries = packages.flatMap((it) =>
    Object.keys(sourceEntries(it)).map((entry) => join(it.manifest.name, entry)),
  );
  // Types need no compiled parts.
  await makeProject(options, [
    '--ignore-scripts',
    ...packages.map(({ manifest }) => manifest.name),
    ...['@tensorflow/tfjs', 'typescript', '@types/node', 'vitest'].map(lockedPackage),
  ]);
  writeFileSync(join(options.folder, 'main.ts'), tenLines);
  const imports = entries.map((entry, index) => `import * as entry${index} from '${entry}';`);
  const uses = entries.map((_, index) => `entry${index}`).join(', ');
  writeFileSync(
    join(options.folder, 'entries.ts'),
    `${imports.join('\n')}\nexport const entries = [${uses}];\n`,
  );
  const kinds = { bundler: 'esnext', node16: 'node16' };
  for (const [moduleResolution, module] of Object.entries(kinds)) {
    const compilerOptions = {
      target: 'es2022',
      module,
      moduleResolution,
      strict: true,
      noEmit: true,
      skipLibCheck: true,
    };
    const file = `tsconfig.${moduleResolution}.json`;
    writeFileSync(
      join(options.folder, file),
      JSON.stringify({ compilerOptions, files: ['main.ts', 'entries.ts'] }),
    );
    await runSuccessfully('npx', ['tsc', '--project', file], options);
  }
  return [`TypeScript: ${entries.length} entries with moduleResolution ${Object.keys(kinds).join(' and ')}`];
}

/** A Vite project: builds the ten lines for browsers, and runs them in Chromium where it is installed. */
export async function tryVite(options: CommandOptions): Promise<string[]> {
  await makeProject(options, [...tenLinesPackages, lockedPackage('vite')]);
  writeFileSync(join(options.folder, 'main.ts'), tenLines);
  const page = '<!doctype html><title>ten lines</title><script type="module" src="/main.ts"></script>';
  writeFileSync(join(options.folder, 'index.html'), page);
  await runSuccessfully('npx', ['vite', 'build', '--logLevel', 'warn'], options);
  const executable = findChromium();
  if (!executable) return ['Vite: built; Chromium is not installed, so the page was not opened'];
  const { address, server } = await serveFolders({ '/': join(options.folder, 'dist') });
  const browser = await launchChromium(executable);
  try {
    const tab = await browser.newPage();
    const failed = new Promise<never>((_, reject) => tab.on('pageerror', reject));
    const printed = tab.waitForEvent('console', {
      predicate: (it) => it.text().includes('same class'),
      timeout: 120_000,
    });
    await tab.goto(address);
    return [
      `Vite, in Chromium ${browser.version()}: threshold ${thresholdIn((await Promise.race([printed, failed])).text())}`,
    ];
  } finally {
    await browser.close();
    server.close();
  }
}
