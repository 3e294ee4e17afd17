import { execFile } from 'node:child_process';
import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { readMnist, selectDigits } from './mnist.ts';
import { readOptions, UsageError } from './options.ts';

const root = new URL('../../../', import.meta.url).pathname;
let folder: string;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'openset-quickstart-'));
});
afterAll(() => rm(folder, { recursive: true }));

async function quickstart(...args: string[]): Promise<{ code: number; stdout: string; stderr: string }> {
  const run = promisify(execFile);
  const main = join(root, 'examples/quickstart/src/main.ts');
  const command = ['--conditions=@openset/source', '--import', 'tsx', main, ...args];
  try {
    return { code: 0, ...(await run(process.execPath, command, { cwd: root })) };
  } catch (error) {
    return error as { code: number; stdout: string; stderr: string };
  }
}

describe('the quickstart', () => {
  it('trains, evaluates, and writes a self-contained report', async () => {
    const readme = join(folder, 'README.md');
    await writeFile(
      readme,
      'before\n<!-- quickstart:start -->\nstale table\n<!-- quickstart:end -->\nafter\n',
    );
    const out = join(folder, 'report');
    const args = [
      '--loss',
      'bce-unified,uss',
      '--epochs',
      '1',
      '--images',
      '2560',
      '--out',
      out,
      '--readme',
      readme,
    ];
    const { code, stdout, stderr } = await quickstart(...args);
    expect(code, stderr).toBe(0);
    expect(stdout).toContain('bce-unified');
    expect(stderr).toMatch(/uss: epoch 1\/1, 2560\/2560 images, \d+ images\/s, loss \d/);
    expect((await readdir(out)).sort()).toEqual(['index.html', 'results.json']);
    const page = await readFile(join(out, 'index.html'), 'utf8');
    expect(page.match(/<svg/g)).toHaveLength(8);
    expect(page).toMatch(/best -?\d\.\d\d, learned -?\d\.\d\d/);
    expect(page).not.toMatch(/(src|href)="https?:/);
    const [bce, uss] = JSON.parse(await readFile(join(out, 'results.json'), 'utf8'));
    expect(bce.threshold.between).toBe('embedding and class');
    expect(bce.classes.sampleWise).toBeGreaterThan(0.6);
    expect(bce.classes.uniform).toBeLessThanOrEqual(bce.classes.classWise);
    expect(bce.classes.learnedUniform).toBeLessThanOrEqual(bce.classes.uniform);
    expect(uss.threshold.between).toBe('embeddings');
    expect(uss.seen.learnedAccuracy).toBeLessThanOrEqual(uss.seen.bestAccuracy);
    expect(bce.seen.learnedAccuracy).toBeNull();
    const text = await readFile(readme, 'utf8');
    expect(text).toMatch(
      /^before\n<!-- quickstart:start -->\n[\s\S]*\| uss \|[\s\S]*<!-- quickstart:end -->\nafter\n$/,
    );
    expect(text).not.toContain('stale table');
  });

  it('reports an invalid option in one line', async () => {
    const { code, stderr } = await quickstart('--loss', 'triplet');
    expect(code).toBe(2);
    expect(stderr).toBe(
      "quickstart: --loss got 'triplet'; expected all or some of softmax, cosface, bce-unified, uss, unitsface, epl.\n",
    );
    expect(() => readOptions(['--epochs', '0'])).toThrow(UsageError);
    expect(() => readOptions(['--images', 'many'])).toThrow(/--images/);
    expect(() => readOptions(['--backend', 'cuda'])).toThrow(/wasm, cpu, node/);
    expect(() => readOptions(['--speed', '9'])).toThrow(/--help/);
    expect(readOptions(['--help'])).toBeNull();
    expect(readOptions([])).toMatchObject({
      epochs: 3,
      images: 12000,
      backend: 'wasm',
      out: 'report',
      seed: 1,
    });
  });

  it('reads all of MNIST', async () => {
    const { train, test } = await readMnist();
    expect(train.labels).toHaveLength(60_000);
    expect(test.pixels).toHaveLength(10_000 * 784);
    expect([...test.labels.slice(0, 5)]).toEqual([7, 2, 1, 0, 4]);
    expect([...selectDigits(test, [7, 2], 2).labels]).toEqual([7, 2]);
    expect(selectDigits(train, [0, 1, 2, 3, 4, 5, 6]).labels).toHaveLength(41_935);
  });
});
