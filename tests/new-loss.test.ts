import {
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { writePeople } from '../packages/cli/src/__fixtures__/people-folder.ts';
import { type CommandResult, runCommand } from './support/run-command.ts';
import { rootFolder, workspacePackages, writtenFiles } from './support/workspace.ts';

// `npm run new-loss tried-skeleton` in a copy of the repository: the skeleton passes all checks.
const manifest = 'packages/tried-skeleton/package.json';
let copy: string;
let created: CommandResult;

beforeAll(async () => {
  copy = mkdtempSync(join(tmpdir(), 'openset-new-loss-'));
  for (const path of writtenFiles(rootFolder)) {
    mkdirSync(dirname(join(copy, path)), { recursive: true });
    cpSync(join(rootFolder, path), join(copy, path));
  }
  for (const folder of ['.', ...workspacePackages().map(({ shortName }) => join('packages', shortName))]) {
    const modules = join(rootFolder, folder, 'node_modules');
    if (existsSync(modules)) symlinkSync(modules, join(copy, folder, 'node_modules'));
  }
  created = await newLoss('tried-skeleton');
});
afterAll(() => rmSync(copy, { recursive: true }));

function newLoss(...parameters: string[]): Promise<CommandResult> {
  return run('node', '--import', 'tsx', 'scripts/new-loss.ts', ...parameters, '--skip-install');
}

function run(program: string, ...parameters: string[]): Promise<CommandResult> {
  return runCommand(program, parameters, { folder: copy });
}

/** Runs a program of node_modules/.bin. */
async function succeeds(program: string, ...parameters: string[]): Promise<void> {
  const { exitCode, output } = await run(join(rootFolder, 'node_modules', '.bin', program), ...parameters);
  expect(exitCode, output).toBe(0);
}

it('writes a package named after the loss', () => {
  expect(created.exitCode, created.output).toBe(0);
  expect(created.stdout).toContain('Wrote TriedSkeletonLoss to packages/tried-skeleton');
  expect(JSON.parse(readFileSync(join(copy, manifest), 'utf8')).name).toBe('@openset/tried-skeleton');
  const text = readFileSync(join(copy, 'packages/tried-skeleton/src/tried-skeleton-loss.ts'), 'utf8');
  expect(text).toContain('export const triedSkeletonDescriptor');
  expect(text).not.toMatch(/template/i);
});

it('passes lint, types and conformance', async () => {
  await succeeds('biome', 'check', '--error-on-warnings', '--vcs-enabled=false', 'packages/tried-skeleton');
  const project = { extends: './tsconfig.json', include: ['packages/tried-skeleton/src'] };
  writeFileSync(join(copy, 'tsconfig.skeleton.json'), JSON.stringify(project));
  await succeeds('tsc', '--noEmit', '-p', 'tsconfig.skeleton.json');
  await succeeds('vitest', 'run', 'packages/tried-skeleton', '--maxWorkers=1');
});

it('builds', async () => {
  const bin = join(rootFolder, 'node_modules', '.bin', 'tsdown');
  const { exitCode, output } = await runCommand(bin, [], {
    folder: join(copy, 'packages', 'tried-skeleton'),
  });
  expect(exitCode, output).toBe(0);
  for (const file of ['index.js', 'index.d.ts']) {
    expect(existsSync(join(copy, 'packages', 'tried-skeleton', 'dist', file))).toBe(true);
  }
});

it('trains from the command', async () => {
  await writePeople(join(copy, 'faces'), { people: 6, images: 4 });
  const network = { backbone: 'small-cnn', width: 4, embeddingSize: 8, inputSize: 16, channels: 3 };
  writeFileSync(join(copy, 'small.json'), JSON.stringify({ network, batchSize: 8, epochs: 2 }));
  const program = ['--conditions=@openset/source', '--import', 'tsx', 'packages/cli/src/main.ts'];
  const flags = ['--data', 'faces', '--config', 'small.json', '--backend', 'cpu'];
  const loss = ['--loss', './packages/tried-skeleton/src/index.ts#TriedSkeletonLoss'];
  const { exitCode, output } = await run('node', ...program, 'train', ...flags, ...loss);
  expect(exitCode, output).toBe(0);
  const config = JSON.parse(readFileSync(join(copy, 'openset-run', 'config.json'), 'utf8'));
  expect(config.loss).toMatchObject({ loss: 'TriedSkeletonLoss', scale: 32, margin: 0.2 });
});

it.each([
  [['tried-skeleton'], /packages\/tried-skeleton already exists/],
  [['Demo'], /'Demo' is not a name in kebab-case\. Pass one, such as my-loss\./],
  [[], /not a name in kebab-case/],
])('rejects %j', async (parameters, message) => {
  const { exitCode, stderr } = await newLoss(...parameters);
  expect(stderr).toMatch(message);
  expect(exitCode).toBe(2);
});
