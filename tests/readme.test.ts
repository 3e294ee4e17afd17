import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import ts from 'typescript';
import { describe, expect, it } from 'vitest';
import { packageOptions } from './support/built-packages.ts';
import { compilerOptions } from './support/documentation.ts';
import { typescriptBlocks } from './support/readme-blocks.ts';
import { runCommand } from './support/run-command.ts';
import { rootFolder, writtenFiles } from './support/workspace.ts';

// Inside the repository, so that the examples find the packages by name as a user's code does.
const folder = join(rootFolder, '.cache', 'readme');

const documents = writtenFiles(rootFolder).filter((path) =>
  /^((packages\/[^/]+\/)?README|CONTRIBUTING|docs\/.*)\.md$/.test(path),
);

const examples = documents.flatMap((document) =>
  typescriptBlocks(readFileSync(join(rootFolder, document), 'utf8')).map((block, index) => ({
    ...block,
    title: `${document}:${block.line}`,
    stem: join(folder, `${document.replace(/\.md$/, '').replaceAll('/', '-').toLowerCase()}-${index + 1}`),
  })),
);

rmSync(folder, { recursive: true, force: true });
mkdirSync(folder, { recursive: true });
const transpileOptions = {
  module: ts.ModuleKind.ESNext,
  target: ts.ScriptTarget.ES2022,
  verbatimModuleSyntax: true,
};
for (const { stem, code } of examples) {
  writeFileSync(`${stem}.ts`, code);
  writeFileSync(`${stem}.mjs`, ts.transpileModule(code, { compilerOptions: transpileOptions }).outputText);
}

describe.concurrent('examples of the documentation run', () => {
  it.each(examples.filter(({ runs }) => runs))('$title', async ({ stem }) => {
    const parameters = [...packageOptions, `${stem}.mjs`];
    const { exitCode, output } = await runCommand(process.execPath, parameters, { folder: rootFolder });
    expect(exitCode, output).toBe(0);
  });
});

it('examples of the documentation type-check', () => {
  const options: ts.CompilerOptions = {
    ...compilerOptions(join(rootFolder, 'tsconfig.json')),
    // An example may name a result only to show that it exists. Each example is a separate module.
    noUnusedLocals: false,
    noUnusedParameters: false,
    moduleDetection: ts.ModuleDetectionKind.Force,
  };
  const program = ts.createProgram({ rootNames: examples.map(({ stem }) => `${stem}.ts`), options });
  // `npm run typecheck` checks the sources of the packages.
  const problems = examples.flatMap(({ stem, title }) => {
    const file = program.getSourceFile(`${stem}.ts`);
    const found = [...program.getSyntacticDiagnostics(file), ...program.getSemanticDiagnostics(file)];
    return found.map(({ messageText }) => `${title}: ${ts.flattenDiagnosticMessageText(messageText, ' ')}`);
  });
  expect(program.getGlobalDiagnostics()).toEqual([]);
  expect(problems).toEqual([]);
}, 120_000);
