import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { importedPackages } from './import-rules.ts';
import { replaceBlock } from './replace-block.ts';
import { isTestFile, type WorkspacePackage, writtenFiles } from './workspace.ts';

/** Packages that the published source of a package imports. */
export interface PackageImports {
  /** Name without the scope: `uss`. */
  readonly name: string;
  /** Packages of this workspace, without the scope. */
  readonly own: readonly string[];
  /** Packages from npm; `node:` stands for all modules of Node. */
  readonly external: readonly string[];
}

const scope = '@openset/';

/** Reads the imports of all packages from their sources, test files excluded. */
export function packageImports(packages: readonly WorkspacePackage[]): PackageImports[] {
  return packages.map(({ shortName, folder }) => {
    const sources = writtenFiles(join(folder, 'src')).filter(
      (path) => path.endsWith('.ts') && !isTestFile(path),
    );
    const imported = sources.flatMap((path) =>
      importedPackages(readFileSync(join(folder, 'src', path), 'utf8')),
    );
    const others = [...new Set(imported)].filter((name) => name !== scope + shortName).sort();
    return {
      name: shortName,
      own: others.filter((name) => name.startsWith(scope)).map((name) => name.slice(scope.length)),
      external: others.filter((name) => !name.startsWith(scope)),
    };
  });
}

/**
 * Returns the arrows `[importer, imported]` that no longer path of arrows implies: omits `cli → core` if there are
 * `cli → train` and `train → core`.
 */
export function directArrows(packages: readonly PackageImports[]): [importer: string, imported: string][] {
  const importsOf = new Map(packages.map(({ name, own }) => [name, own]));
  const reaches = (from: string, to: string, seen = new Set<string>()): boolean =>
    (importsOf.get(from) ?? []).some((next) => {
      if (next === to) return true;
      if (seen.has(next)) return false;
      return reaches(next, to, seen.add(next));
    });
  return packages.flatMap(({ name, own }) =>
    own
      .filter((imported) => !own.some((other) => other !== imported && reaches(other, imported)))
      .map((imported): [string, string] => [name, imported]),
  );
}

/** Groups that the graph draws as boxes; all other packages stand alone. */
const groups: Readonly<Record<string, readonly string[]>> = {
  losses: [
    ...['margin', 'bce-unified', 'uss', 'epl'],
    ...['quality', 'curricular', 'sphereface2', 'negative-pairs', 'vpl', 'tcm'],
  ],
  training: ['backbones', 'data', 'train', 'wasm-kernels'],
  use: ['verify', 'onnx'],
  evaluation: ['metrics', 'report'],
};

/** Returns a Mermaid flowchart of the packages. */
export function mermaidGraph(packages: readonly PackageImports[]): string {
  const names = packages.map(({ name }) => name);
  const boxes = Object.entries(groups).flatMap(([title, members]) => [
    `  subgraph ${title}`,
    ...members.filter((name) => names.includes(name)).map((name) => `    ${node(name)}`),
    '  end',
  ]);
  const grouped = Object.values(groups).flat();
  const others = names.filter((name) => !grouped.includes(name)).map((name) => `  ${node(name)}`);
  const arrows = directArrows(packages).map(
    ([importer, imported]) => `  ${id(importer)} --> ${id(imported)}`,
  );
  return ['```mermaid', 'flowchart TD', ...boxes, ...others, ...arrows, '```'].join('\n');
}

function node(name: string): string {
  return `${id(name)}[${name}]`;
}

/** Mermaid could read a hyphen as part of an arrow. */
function id(name: string): string {
  return name.replaceAll('-', '_');
}

/** Returns a Markdown table of every direct import. */
export function importTable(packages: readonly PackageImports[]): string {
  const list = (names: readonly string[]) => (names.length === 0 ? '–' : names.join(', '));
  const rows = packages.map(
    ({ name, own, external }) =>
      `| [\`${name}\`](../packages/${name}) | ${list(own)} | ${list(external.map((one) => `\`${one}\``))} |`,
  );
  return ['| package | imports | from npm and Node |', '|---|---|---|', ...rows].join('\n');
}

/**
 * Returns a page with the graph and the table between its marks brought up to date.
 * @throws Error for a page without the marks
 */
export function withPackageGraph(page: string, packages: readonly PackageImports[]): string {
  return replaceBlock(page, 'packages', `${mermaidGraph(packages)}\n\n${importTable(packages)}`);
}
