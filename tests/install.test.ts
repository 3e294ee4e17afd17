import { cpSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createContext, runInContext } from 'node:vm';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { findChromium } from './support/browser.ts';
import {
  type ConsumerProject,
  installedFiles,
  makeConsumerProject,
  packAll,
  publishedPackages,
} from './support/consumer-project.ts';
import {
  type NodeRun,
  tryNode,
  tryTypeScript,
  tryVite,
  typescriptPackages,
} from './support/release/consumer-projects.ts';
import { countLicences } from './support/release/licences.ts';
import {
  hasChangelog,
  latestVersion,
  type PublishedRelease,
  publishRelease,
} from './support/release/publish-release.ts';
import { runSuccessfully } from './support/run-command.ts';
import { rootFolder } from './support/workspace.ts';

/** A rehearsal takes two minutes; on a machine under load, several times as long. */
const timeout = 900_000;
const installed = publishedPackages();
/** Whether the packages are versioned, published to a registry on this machine, and installed from it; otherwise, they are packed. */
const isRehearsal = process.env.OPENSET_REHEARSE_RELEASE === '1';

let project: ConsumerProject;
let folder: string;
let release: PublishedRelease;
let inNode: Promise<NodeRun[]>;
let inVite: Promise<string>;

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'openset-consumer-'));
  const place = join(folder, 'project');
  mkdirSync(place);
  if (!isRehearsal) {
    project = await makeConsumerProject(place, await packAll(folder));
    return;
  }
  release = await publishRelease();
  const config = release.registry.projectConfig;
  // They are awaited by their tests.
  inNode = tryNode({ folder: join(folder, 'node'), config });
  inVite = tryVite({ folder: join(folder, 'vite'), config });
  for (const running of [inNode, inVite]) running.catch(() => {});
  const packages = installed.map(({ manifest }) => manifest.name);
  project = await makeConsumerProject(place, { packages, config }, typescriptPackages);
}, timeout);
afterAll(async () => {
  await Promise.allSettled([inNode, inVite]);
  await release?.close();
  rmSync(folder, { recursive: true, maxRetries: 3 });
}, timeout);

/** Returns a program that evaluates a loss through the public API. A first step fills its memory, if it has one. */
const evaluation = (lossName: string) => `
  const loss = new ${lossName}({ numClasses: 5, embeddingSize: 4 });
  const labels = tf.tensor1d([0, 3], 'int32');
  const step = (embeddings) => loss.forward(embeddings, labels, { epoch: 0 });
  step(tf.tensor2d([[2, 1, -1, 3], [1, 1, 3, -1]])).commit();
  const { value, grad } = tf.valueAndGrad((embeddings) => step(embeddings).loss)(
    tf.tensor2d([[1, 2, -3, 4], [0.5, -1, 2, 1]]),
  );
  const numbers = [...value.dataSync(), ...grad.dataSync()];
`;

describe('the published files', () => {
  it.each(installed.map(({ shortName }) => shortName))(
    'of %s hold the build and its source, but no tests',
    (name) => {
      const files = installedFiles(project, `@openset/${name}`);
      const expected = ['LICENSE', 'package.json', 'dist/index.js', 'dist/index.d.ts', 'src/index.ts'];
      expect(expected.filter((path) => !files.includes(path))).toEqual([]);
      expect(files.filter((path) => /\.test\.|__fixtures__|__screenshots__/.test(path))).toEqual([]);
    },
  );
});

describe('in plain Node', () => {
  // The testkit's other entry runs inside vitest, and importing the command's main file would run it.
  it('every package can be imported by name', async () => {
    const names = installed.map(({ manifest }) => manifest.name);
    const output = await project.runModule(
      'import-all.js',
      `for (const name of ${JSON.stringify(names)}) {
        const count = Object.keys(await import(name)).length;
        if (count === 0) throw new Error(name + ' exports nothing');
        console.log(name);
      }`,
    );
    expect(output.trim().split('\n')).toEqual(names);
  });

  it.each([
    ['cpu', '@tensorflow/tfjs-backend-cpu', '@openset/bce-unified', 'BceUnifiedLoss'],
    ['cpu', '@tensorflow/tfjs-backend-cpu', '@openset/epl', 'EplLoss'],
    ['wasm', '@openset/wasm-kernels', '@openset/bce-unified', 'BceUnifiedLoss'],
    ['wasm', '@openset/wasm-kernels', '@openset/uss', 'UssLoss'],
  ])(
    'the %s backend (%s) computes the gradient of %s: %s',
    async (backend, backendPackage, lossPackage, name) => {
      const output = await project.runModule(
        `${backend}-${name}.js`,
        `import * as tf from '@tensorflow/tfjs-core';
      import '${backendPackage}';
      import { ${name} } from '${lossPackage}';
      await tf.setBackend('${backend}');
      ${evaluation(name)}
      console.log(JSON.stringify({ backend: tf.getBackend(), numbers }));`,
      );
      const result = JSON.parse(output.trim().split('\n').at(-1) as string);
      expect(result.backend).toBe(backend);
      expectLossAndGradient(result.numbers);
    },
  );

  it('the wasm kernels run on threads, which do not keep the process', async () => {
    const output = await project.runModule(
      'threads.js',
      `import { matMul, ones } from '@tensorflow/tfjs-core';
      import { enableWasmTraining } from '@openset/wasm-kernels';
      const enabled = await enableWasmTraining({ threads: 2 });
      const [value] = matMul(ones([300, 400]), ones([400, 300])).dataSync();
      console.log(JSON.stringify({ ...enabled, value }));`,
    );
    const result = JSON.parse(output.trim().split('\n').at(-1) as string);
    expect(result).toMatchObject({ threads: 2, simd: true, sharedMemory: true, notes: [], value: 400 });
  });

  it('a gallery in an SQLite file keeps a person', async () => {
    const output = await project.runModule(
      'gallery.js',
      `import { openSqliteGallery } from '@openset/gallery-sqlite';
      const create = { model: { fingerprint: 'f', name: 'm' }, embeddingSize: 2, crop: null, comparison: 'best' };
      const gallery = await openSqliteGallery('people.db', { create });
      await gallery.enroll('Ada', [{ values: Float32Array.of(3, 4) }]);
      await gallery.close();
      const again = await openSqliteGallery('people.db');
      console.log(JSON.stringify(await again.search(Float32Array.of(4, 3))));
      await again.close();`,
    );
    expect(JSON.parse(output)).toMatchObject([{ identity: 'Ada', cosine: expect.closeTo(0.96, 6) }]);
  });

  it('the openset command runs', async () => {
    const fixtures = join(rootFolder, 'packages', 'cli', 'src', '__fixtures__', 'losses.json');
    cpSync(fixtures, join(project.folder, 'losses.json'));
    const parameters = ['openset', 'conformance', '--backend', 'cpu', 'losses.json'];
    const { stdout } = await runSuccessfully('npx', parameters, project);
    expect(stdout.trim().split('\n').at(-1)).toBe('52 passed, 0 failed');
  });
});

describe('in a bundle made by Vite', () => {
  it('a loss computes its gradient in a browser', async () => {
    const code = await bundle(
      'browser',
      `import * as tf from '@tensorflow/tfjs-core';
      import '@tensorflow/tfjs-backend-cpu';
      import { UssLoss } from '@openset/uss';
      ${evaluation('UssLoss')}
      report(numbers);`,
    );
    expectLossAndGradient(runAsBrowser(code));
  });

  it('the wasm kernels work without files next to the bundle', async () => {
    const code = await bundle(
      'kernels',
      `import { enableWasmTraining } from '@openset/wasm-kernels';
      globalThis.enableWasmTraining = enableWasmTraining;`,
    );
    expect(code).toContain('Cross-Origin-Embedder-Policy');
    expect(readdirSync(join(project.folder, 'kernels', 'dist'))).toHaveLength(1);
  });

  it('unused code is removed', async () => {
    const others = installed.filter(
      ({ shortName }) => !['cli', 'gallery-sqlite', 'server', 'testkit', 'wasm-kernels'].includes(shortName),
    );
    const code = await bundle(
      'tree-shaking',
      `${others.map(({ manifest }, index) => `import * as unused${index} from '${manifest.name}';`).join('\n')}
      import { UssLoss } from '@openset/uss';
      globalThis.UssLoss = UssLoss;`,
    );
    expect(code).toContain('UssLoss');
    // The names are in the text of every loss, which passes its own to the base class.
    const unused = ['BceDiverseLoss', 'BceUnifiedLoss', 'CombinedMarginLoss', 'EplLoss', 'UniTSFaceLoss'];
    expect(unused.filter((name) => code.includes(name))).toEqual([]);
    expect(code).not.toContain('safetensors');
  });
});

describe.runIf(isRehearsal)('a release', { timeout }, () => {
  it('gives all packages one version of at least 0.1.0, and a changelog', async () => {
    expect(release.packages.map(({ shortName }) => shortName)).toEqual(installed.map((it) => it.shortName));
    const versions = new Set(release.packages.map(({ manifest }) => manifest.version));
    expect(versions.size).toBe(1);
    expect([...versions][0]).not.toMatch(/^0\.0\./);
    expect(release.packages.filter((it) => !hasChangelog(it)).map(({ shortName }) => shortName)).toEqual([]);
    for (const { manifest } of release.packages) {
      expect(await latestVersion(release, manifest.name), manifest.name).toBe(manifest.version);
    }
  });

  it('compiles in a TypeScript project, as bundlers and as Node resolve modules', async () => {
    expect(await tryTypeScript(project.folder, release.packages)).toBeGreaterThan(release.packages.length);
  });

  it('learns a threshold in ten lines, and has the command, in every version of Node that the registry has', async () => {
    const runs = await inNode;
    console.log(runs.map(({ node, threshold }) => `Node ${node}: threshold ${threshold}`).join('\n'));
    const version = release.packages[0]!.manifest.version;
    expect(runs.map(({ command }) => command)).toEqual(runs.map(() => version));
    const { stdout } = await runSuccessfully('npx', ['openset', '--version'], {
      folder: join(folder, 'node'),
    });
    expect(stdout.trim()).toBe(version);
  });

  it('installs only packages whose licences allow any use', async () => {
    await inNode;
    expect(countLicences(join(folder, 'node')).get('MIT')).toBeGreaterThan(10);
  });

  it.runIf(findChromium() !== undefined || process.env.CI)(
    'learns a threshold in ten lines in Chromium, built by Vite',
    async () => {
      expect(Number(await inVite)).toBeGreaterThan(0);
    },
  );
});

/** Bundles an entry for browsers as one classic script. @returns its text */
async function bundle(name: string, entry: string): Promise<string> {
  const root = join(project.folder, name);
  await project.runModule(
    `${name}.build.js`,
    `import { mkdirSync, writeFileSync } from 'node:fs';
    import { build } from 'vite';
    mkdirSync('${name}', { recursive: true });
    writeFileSync('${name}/entry.js', ${JSON.stringify(entry)});
    await build({
      root: '${name}',
      configFile: false,
      logLevel: 'error',
      build: { lib: { entry: 'entry.js', formats: ['iife'], name: 'bundle' } },
    });`,
  );
  const output = join(root, 'dist');
  return readFileSync(join(output, readdirSync(output)[0] as string), 'utf8');
}

/** Runs a script with the browser globals that tfjs uses, and without those of Node. @returns its report */
function runAsBrowser(code: string): number[] {
  let reported: number[] = [];
  const page: Record<string, unknown> = {
    console,
    performance,
    setTimeout,
    navigator: { userAgent: 'Chrome' },
    document: {},
    report: (numbers: number[]) => {
      reported = numbers;
    },
  };
  page.window = page;
  page.self = page;
  runInContext(code, createContext(page));
  return reported;
}

function expectLossAndGradient(numbers: readonly number[]): void {
  expect(numbers).toHaveLength(1 + 2 * 4);
  expect(numbers.every(Number.isFinite)).toBe(true);
  expect(numbers[0]).toBeGreaterThan(0);
  expect(numbers.slice(1).some((value) => value !== 0)).toBe(true);
}
