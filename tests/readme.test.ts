import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import ts from 'typescript';
import { describe, expect, it } from 'vitest';
import { packageOptions } from './support/built-packages.ts';
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
const compilerOptions = {
  module: ts.ModuleKind.ESNext,
  target: ts.ScriptTarget.ES2022,
  verbatimModuleSyntax: true,
};
for (const { stem, code } of examples) {
  writeFileSync(`${stem}.ts`, code);
  writeFileSync(`${stem}.mjs`, ts.transpileModule(code, { compilerOptions }).outputText);
}

describe.concurrent('examples of the documentation run', () => {
  it.each(examples.filter(({ runs }) => runs))('$title', async ({ stem }) => {
    const parameters = [...packageOptions, `${stem}.mjs`];
    const { exitCode, output } = await runCommand(process.execPath, parameters, { folder: rootFolder });
    expect(exitCode, output).toBe(0);
  });
});

it('examples of the documentation type-check', async () => {
  const config = {
    extends: '../../tsconfig.json',
    // An example may name a result only to show that it exists. Each example is a separate module.
    compilerOptions: { noUnusedLocals: false, noUnusedParameters: false, moduleDetection: 'force' },
    include: ['*.ts'],
  };
  writeFileSync(join(folder, 'tsconfig.json'), JSON.stringify(config));
  const compiler = join(rootFolder, 'node_modules', 'typescript', 'bin', 'tsc');
  const { exitCode, output } = await runCommand(process.execPath, [compiler, '-p', folder], { folder });
  expect(exitCode, output).toBe(0);
}, 120_000);
