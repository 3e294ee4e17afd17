import { execFile } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { promisify } from 'node:util';
import { afterAll, beforeAll, expect, it } from 'vitest';

const run = promisify(execFile);
const folder = fileURLToPath(new URL('../..', import.meta.url));
// Inside the repository, so that the build finds its dependencies.
const cache = join(folder, '..', '..', '.cache');

let output: string;
beforeAll(async () => {
  mkdirSync(cache, { recursive: true });
  output = mkdtempSync(join(cache, 'built-worker-'));
  const tsdown = join(
    dirname(createRequire(import.meta.url).resolve('tsdown/package.json')),
    'dist',
    'run.mjs',
  );
  await run(process.execPath, [tsdown, '--out-dir', output, '--no-dts', '--no-clean'], { cwd: folder });
});
afterAll(() => rmSync(output, { recursive: true, force: true }));

it('the loader starts the built worker, regardless of the options of the Node process', async () => {
  const program = `
    import { createLoader } from ${JSON.stringify(pathToFileURL(join(output, 'node.js')).href)};
    const raw = { height: 1, width: 1, channels: 1 };
    const source = {
      size: 5,
      classNames: ['one'],
      labels: new Int32Array(5),
      get: async (index) => ({ bytes: Uint8Array.of(index), raw, label: 0, origin: 'record ' + index }),
      close: async () => {},
    };
    const options = { batchSize: 2, height: 1, width: 1, channels: 1, workers: 2, shuffle: false };
    for await (const { images } of createLoader(source, { ...options, normalize: { mean: 0, std: 1 } })) {
      console.log([...images].join(' '));
    }`;
  const parameters = [
    '--conditions=@openset/source',
    '--import',
    'tsx',
    '--input-type=module',
    '--eval',
    program,
  ];
  const { stdout } = await run(process.execPath, parameters, { cwd: folder });
  expect(stdout.trim().split('\n')).toEqual(['0 1', '2 3', '4']);
});
