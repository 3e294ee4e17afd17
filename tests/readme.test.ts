import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import ts from 'typescript';
import { describe, expect, it } from 'vitest';
import { packageOptions } from './support/built-packages.ts';
import { docCommentExamples } from './support/doc-comment-examples.ts';
import { compilerOptions } from './support/documentation.ts';
import { type CodeBlock, typescriptBlocks } from './support/readme-blocks.ts';
import { runCommand } from './support/run-command.ts';
import { isTestFile, rootFolder, writtenFiles } from './support/workspace.ts';

// Inside the repository, so that the examples find the packages by name as a user's code does.
const folder = join(rootFolder, '.cache', 'readme');

const files = writtenFiles(rootFolder);
const documents = files.filter((path) =>
  /^((packages\/[^/]+\/)?README|CONTRIBUTING|docs\/.*)\.md$/.test(path),
);
const sources = files.filter((path) => /^packages\/[^/]+\/src\/.*\.ts$/.test(path) && !isTestFile(path));

function examplesIn(paths: readonly string[], find: (text: string) => CodeBlock[]) {
  return paths.flatMap((path) =>
    find(readFileSync(join(rootFolder, path), 'utf8')).map((block, index) => ({
      ...block,
      title: `${path}:${block.line}`,
      stem: join(
        folder,
        `${path
          .replace(/\.(md|ts)$/, '')
          .replaceAll('/', '-')
          .toLowerCase()}-${index + 1}`,
      ),
    })),
  );
}

const documentExamples = examplesIn(documents, typescriptBlocks);
const sourceExamples = examplesIn(sources, docCommentExamples);
const examples = [...documentExamples, ...sourceExamples];

/** Whether an example registers tests of vitest. */
const definesTests = (title: string) => title.startsWith('packages/testkit/');

const runExample = `async function run(title, path) {
  try {
    await import(path);
  } catch (error) {
    console.error(title, error);
    process.exitCode = 1;
  }
}`;

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
  it.each(documentExamples.filter(({ runs }) => runs))('$title', async ({ stem }) => {
    const parameters = [...packageOptions, `${stem}.mjs`];
    const { exitCode, output } = await runCommand(process.execPath, parameters, { folder: rootFolder });
    expect(exitCode, output).toBe(0);
  });

  // They are short, so they share a process.
  it('of doc comments', async () => {
    const calls = sourceExamples
      .filter(({ runs, title }) => runs && !definesTests(title))
      .map(({ title, stem }) => `await run(${JSON.stringify(title)}, ${JSON.stringify(`${stem}.mjs`)});`);
    const program = join(folder, 'run-doc-comment-examples.mjs');
    writeFileSync(program, [runExample, ...calls].join('\n'));
    const { exitCode, output } = await runCommand(process.execPath, [...packageOptions, program], {
      folder: rootFolder,
    });
    expect(exitCode, output).toBe(0);
  });
});

// The conformance suites register tests, so they are imported while vitest collects.
const suites = sourceExamples.filter(({ runs, title }) => runs && definesTests(title));
for (const { stem } of suites) await import(`${stem}.ts`);

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
});
