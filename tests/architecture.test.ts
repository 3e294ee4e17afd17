import { existsSync, readFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import ts from 'typescript';
import { describe, expect, it } from 'vitest';
import { importCircles, importGraph } from './support/import-graph.ts';
import { forbiddenImport, importedPackages } from './support/import-rules.ts';
import {
  isTestFile,
  readManifest,
  rootFolder,
  sourceEntries,
  workspacePackages,
  writtenFiles,
} from './support/workspace.ts';

const packages = workspacePackages();
const rootDependencies = Object.keys(readManifest(rootFolder).devDependencies ?? {});

describe.each(packages.map((one) => [one.shortName, one] as const))('packages/%s', (shortName, one) => {
  const { folder, manifest } = one;
  const files = writtenFiles(folder);
  const sources = files.filter((path) => path.startsWith('src/') && path.endsWith('.ts'));
  const read = (path: string) => readFileSync(join(folder, path), 'utf8');

  it('follows the import rules', () => {
    const violations = sources.flatMap((path) => {
      const importer = { package: shortName, isTest: isTestFile(path) };
      const reasons = importedPackages(read(path)).map((imported) => forbiddenImport(importer, imported));
      return reasons.filter((reason) => reason !== null).map((reason) => `${path}: ${reason}`);
    });
    expect(violations).toEqual([]);
  });

  it('declares what it imports', () => {
    const { dependencies, peerDependencies, optionalDependencies } = manifest;
    const published = Object.keys({ ...dependencies, ...peerDependencies, ...optionalDependencies });
    // Packages of this workspace, which every test can see.
    const inTests = [...published, ...rootDependencies, '@openset/testkit', '@openset/wasm-kernels'];
    const missing = sources.flatMap((path) => {
      const declared = ['node:', manifest.name, ...(isTestFile(path) ? inTests : published)];
      const undeclared = importedPackages(read(path)).filter((imported) => !declared.includes(imported));
      return undeclared.map((imported) => `${path}: ${imported}`);
    });
    expect(missing).toEqual([]);
  });

  it('has the files that every package has', () => {
    const expected = ['package.json', 'README.md', 'LICENSE', 'tsdown.config.ts', 'src/index.ts'];
    // Changesets writes it with the first version.
    if (manifest.version !== '0.0.0') expected.push('CHANGELOG.md');
    expect(expected.filter((path) => !files.includes(path))).toEqual([]);
    expect(read('LICENSE')).toBe(readFileSync(join(rootFolder, 'LICENSE'), 'utf8'));
  });

  it('has a package.json with the common fields', () => {
    expect(manifest.name).toBe(`@openset/${shortName}`);
    expect(manifest.type).toBe('module');
    expect(manifest.sideEffects).toBeDefined();
    const isWithoutTensors = ['client', 'metrics', 'report'].includes(shortName);
    expect('@tensorflow/tfjs-core' in (manifest.peerDependencies ?? {})).toBe(!isWithoutTensors);
    expect(manifest.files).toEqual([
      'dist',
      'src',
      '!src/**/*.test.ts',
      '!src/**/__fixtures__',
      'CHANGELOG.md',
    ]);
  });

  it('exports its source, its types and its build, in the required order', () => {
    const { './package.json': own, ...entries } = manifest.exports ?? {};
    expect(own).toBe('./package.json');
    expect(entries).toHaveProperty(['.']);
    for (const [name, target] of Object.entries(entries)) {
      const stem = name === '.' ? 'index' : name.slice('./'.length);
      const isTfjs = name === './tfjs-core';
      expect(Object.entries(target)).toEqual([
        ['@openset/source', `./src/${stem}.ts`],
        ['types', `./dist/${stem}.d.ts`],
        ...(isTfjs ? requiredInNode(`./dist/${stem}.js`, `./dist/${stem}.node.js`) : []),
        ['default', `./dist/${stem}.js`],
      ]);
    }
  });

  it('maps each module of tfjs that only it imports to a file that requires it in Node', () => {
    const { imports = {} } = manifest;
    const names =
      shortName === 'cli'
        ? []
        : sources.filter((path) => !isTestFile(path)).flatMap((path) => tfjsModules(read(path)));
    const expected = [...new Set(names)].map((specifier) => {
      const name = specifier.replace(
        /^@tensorflow\/(?:.+\/wasm-out\/(.+)\.js|(.+))$/,
        (_, program, module) => (program ? `#${program}-program` : `#${module}`),
      );
      return [
        name,
        {
          ...Object.fromEntries(requiredInNode(specifier, `./dist/${name.slice(1)}.node.js`)),
          default: specifier,
        },
      ];
    });
    expect(imports).toEqual(Object.fromEntries(expected));
  });

  it('has entry points that hold only exports', () => {
    const violations = Object.values(sourceEntries(one)).flatMap((path) => {
      const { statements } = ts.createSourceFile(path, readFileSync(path, 'utf8'), ts.ScriptTarget.Latest);
      return statements
        .filter((statement) => !isAllowedInEntry(statement, manifest.sideEffects === true))
        .map((statement) => `${basename(path)}: ${ts.SyntaxKind[statement.kind]}`);
    });
    expect(violations).toEqual([]);
  });

  it('has a main entry that runs in browsers, without Node', () => {
    if (['cli', 'gallery-postgres', 'gallery-sqlite', 'server', 'testkit'].includes(shortName)) return;
    const needed = reachableImports(sourceEntries(one)['.'] as string);
    expect(needed.filter((name) => ['node:', 'sharp'].includes(name))).toEqual([]);
  });

  it('names its files in kebab-case', () => {
    const isKebabCase = (path: string) => /^[a-z0-9]+(-[a-z0-9]+)*(\.[a-z0-9]+)*$/.test(basename(path));
    expect(files.filter((path) => path.startsWith('src/') && !isKebabCase(path))).toEqual([]);
  });

  it('has no enum', () => {
    expect(sources.filter((path) => containsEnum(read(path)))).toEqual([]);
  });
});

describe('imports between files', () => {
  const written = writtenFiles(rootFolder).filter((path) => path.endsWith('.ts'));
  const read = (path: string) => readFileSync(join(rootFolder, path), 'utf8');
  const sources = written.filter((path) => /^(packages\/[^/]+\/src|examples|bench)\//.test(path));
  const graph = importGraph(new Map(sources.map((path) => [path, read(path)])));

  it('form no circle, including imports of types', () => {
    expect(importCircles(graph)).toEqual([]);
  });

  it('never lead from production code to a fixture', () => {
    const production = [...graph].filter(([path]) => !isTestFile(path) && !path.startsWith('bench/'));
    const violations = production.flatMap(([path, targets]) =>
      targets.filter((target) => isTestFile(target)).map((target) => `${path} imports ${target}`),
    );
    expect(violations).toEqual([]);
  });

  it('leave comparisons of backend names to storage.ts and to packages that choose a backend', () => {
    const choosing = /^packages\/(cli|testkit|wasm-kernels)\/|^packages\/core\/src\/storage\.ts$/;
    const comparing = /getBackend\(\)\s*[!=]==|\.has\((tf\.)?getBackend\(\)\)/;
    const libraries = sources.filter((path) => path.startsWith('packages/') && !choosing.test(path));
    const production = libraries.filter((path) => !isTestFile(path));
    expect(production.filter((path) => comparing.test(read(path)))).toEqual([]);
  });
});

describe('the repository', () => {
  // Spelled so that this file does not match itself.
  const forbidden = [
    /\/work\//,
    /\/root\//,
    /\/tmp\/[a-z]/i,
    /registry\.npmjs/,
    /pypi\.org/,
    /pythonhosted\.org/,
    /debian\.org/,
  ];

  it('contains no machine paths and no registry hosts', () => {
    const violations = writtenFiles(rootFolder).flatMap((path) => {
      const text = readFileSync(join(rootFolder, path), 'utf8');
      const matches = forbidden.map((pattern) => pattern.exec(text)?.[0]);
      return matches.filter((match) => match !== undefined).map((match) => `${path}: ${match}`);
    });
    expect(violations).toEqual([]);
  });

  it('has a lock file without addresses, for all platforms', () => {
    const lock = JSON.parse(readFileSync(join(rootFolder, 'package-lock.json'), 'utf8'));
    const entries = Object.entries<LockEntry>(lock.packages);
    const addresses = entries.map(([, { resolved }]) => resolved).filter((address) => address !== undefined);
    // Packages resolved without an address are folders of this repository.
    expect(addresses.filter((address) => !existsSync(join(rootFolder, address)))).toEqual([]);
    // A tool's programs for other platforms are optional dependencies; `npm ci` refuses a lock file without them.
    const locked = new Set(entries.map(([path]) => path.slice(path.lastIndexOf('node_modules/'))));
    const optional = entries.flatMap(([, { optionalDependencies = {} }]) =>
      Object.keys(optionalDependencies),
    );
    expect(optional.filter((name) => !locked.has(`node_modules/${name}`))).toEqual([]);
  });
});

/** Returns the conditions of a module that Node loads by another file than bundlers do, which know the first of them. */
function requiredInNode(target: string, inNode: string): [condition: string, target: string][] {
  return [
    ['module', target],
    ['node', inNode],
  ];
}

/** Returns the modules of tfjs that a source file imports, other than tfjs-core, without types. */
function tfjsModules(text: string): string[] {
  if (!/@tensorflow\/(?!tfjs-core')/.test(text)) return [];
  const imported = ts.preProcessFile(withoutTypes(text)).importedFiles.map(({ fileName }) => fileName);
  return imported.filter((name) => /^@tensorflow\/(?!tfjs-core$)/.test(name));
}

/** Returns the packages that a source file imports, directly or through files of its own package. Ignores types. */
function reachableImports(entry: string, seen = new Set<string>()): string[] {
  if (seen.has(entry)) return [];
  seen.add(entry);
  const outputText = withoutTypes(readFileSync(entry, 'utf8'));
  const relative = ts.preProcessFile(outputText).importedFiles.map(({ fileName }) => fileName);
  const own = relative.filter((name) => name.startsWith('.'));
  return [
    ...importedPackages(outputText),
    ...own.flatMap((name) => reachableImports(join(entry, '..', name), seen)),
  ];
}

/** Compiles a text, which removes imports of types. */
function withoutTypes(text: string): string {
  const { outputText } = ts.transpileModule(text, {
    compilerOptions: {
      target: ts.ScriptTarget.ESNext,
      module: ts.ModuleKind.ESNext,
      verbatimModuleSyntax: true,
    },
  });
  return outputText;
}

interface LockEntry {
  readonly resolved?: string;
  readonly optionalDependencies?: Readonly<Record<string, string>>;
}

/** Packages that exist for a side effect may have it in their entry point. */
function isAllowedInEntry(statement: ts.Statement, hasSideEffects: boolean): boolean {
  if (ts.isExportDeclaration(statement)) return statement.moduleSpecifier !== undefined;
  return hasSideEffects && (ts.isImportDeclaration(statement) || ts.isExpressionStatement(statement));
}

function containsEnum(text: string): boolean {
  const source = ts.createSourceFile('source.ts', text, ts.ScriptTarget.Latest);
  const visit = (node: ts.Node): boolean =>
    ts.isEnumDeclaration(node) || ts.forEachChild(node, (child) => visit(child) || undefined) === true;
  return visit(source);
}
