import { readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import ts from 'typescript';
import { describe, expect, it } from 'vitest';
import { packageOf } from './support/import-rules.ts';
import { rootFolder, workspacePackages } from './support/workspace.ts';

const source = join(rootFolder, 'packages', 'cli', 'src');
const entries = new Map(
  workspacePackages().flatMap(({ folder, manifest: { name, exports = {} } }) =>
    Object.entries(exports).flatMap(([path, target]) =>
      typeof target === 'string'
        ? []
        : [[join(name, path), join(folder, target['@openset/source']!)] as const],
    ),
  ),
);

/** Returns the modules that a source file imports when it is loaded: no types, and nothing that it imports later. */
function staticImports(path: string): string[] {
  const { outputText } = ts.transpileModule(readFileSync(path, 'utf8'), {
    compilerOptions: {
      target: ts.ScriptTarget.ESNext,
      module: ts.ModuleKind.ESNext,
      verbatimModuleSyntax: true,
    },
  });
  return ts
    .createSourceFile(path, outputText, ts.ScriptTarget.Latest)
    .statements.filter((one) => ts.isImportDeclaration(one) || ts.isExportDeclaration(one))
    .flatMap(({ moduleSpecifier }) =>
      moduleSpecifier && ts.isStringLiteral(moduleSpecifier) ? [moduleSpecifier.text] : [],
    );
}

/** Returns the packages of npm and Node that are loaded with a source file, and our own on the way to them. */
function loadedPackages(path: string, seen = new Set<string>()): Set<string> {
  const packages = new Set<string>();
  if (seen.has(path) || !path.endsWith('.ts')) return packages;
  seen.add(path);
  for (const specifier of staticImports(path)) {
    const own = specifier.startsWith('.') ? join(dirname(path), specifier) : entries.get(specifier);
    if (!specifier.startsWith('.')) packages.add(packageOf(specifier));
    if (own !== undefined) for (const name of loadedPackages(own, seen)) packages.add(name);
  }
  return packages;
}

const sorted = (packages: Iterable<string>) => [...packages].sort();

describe('the command loads', () => {
  const light = [
    'main.ts',
    ...[
      'add-commands.ts',
      'command-texts.ts',
      'doctor-command.ts',
      'align-command.ts',
      'measure-commands.ts',
    ],
    ...['recognition-commands.ts', 'gallery-commands.ts', 'people-command.ts', 'file-commands.ts'],
    ...['serve-command.ts', 'keys-command.ts', 'conformance-command.ts'],
  ];

  it.each(light)('nothing but the reader of the command line with %s', (name) => {
    const file = join(source, name === 'main.ts' ? name : join('command-line', name));
    expect(sorted(loadedPackages(file)).filter((one) => !['commander', 'node:'].includes(one))).toEqual([]);
  });

  it('no package with verify that the comparison of two images does not need', () => {
    expect(sorted(loadedPackages(join(source, 'commands', 'verify.ts')))).toEqual([
      '@openset/backbones',
      '@openset/core',
      '@openset/data',
      '@openset/metrics',
      '@openset/pretrained',
      '@openset/verify',
      '@tensorflow/tfjs-converter',
      '@tensorflow/tfjs-core',
      '@tensorflow/tfjs-layers',
      'jpeg-js',
      'node:',
    ]);
  });
});
