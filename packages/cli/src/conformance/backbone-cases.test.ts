import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DataError } from '@openset/core';
import { describeOnBackends } from '@openset/testkit/vitest';
import '@openset/wasm-kernels';
import * as tf from '@tensorflow/tfjs-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { BackboneFixture } from './backbone-fixture.ts';
import { runConformance } from './run-conformance.ts';

/** One stage for images of 6 × 6, in float64 by PyTorch. */
const small = readFileSync(new URL('../__fixtures__/backbone-small.json', import.meta.url), 'utf8');

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'openset-backbone-'));
});
afterAll(() => rmSync(folder, { recursive: true }));

type Writable<T> = { -readonly [K in keyof T]: T[K] extends object | undefined ? Writable<T[K]> : T[K] };
type Network = Writable<BackboneFixture>;

/** Runs the small file after a change of its network. */
async function runChanged(change: (network: Network) => unknown) {
  const content = JSON.parse(small) as { networks: Network[] };
  change(content.networks[0]!);
  return run(JSON.stringify(content));
}

async function run(text: string) {
  const file = join(folder, 'backbone.json');
  writeFileSync(file, text);
  const lines: string[] = [];
  const print = (line: string) => lines.push(line);
  const report = await runConformance({ files: [file], kind: 'backbone', print });
  return { ...report, lines };
}

describeOnBackends('conformance of backbones', () => {
  it('passes with and without the training values, and leaks no tensors', async () => {
    const before = tf.memory().numTensors;
    const { passed, lines } = await run(small);
    expect(passed).toBe(1);
    expect(lines[0]).toMatch(
      /^pass {2}networks\[0\] LResNetE-IR 1, 3×6×6 {2}\(evalFlipSum \S+, features \S+, loss \S+, gradL2 \S+, gradConv1Weight \S+\)$/,
    );
    expect((await runChanged((network) => delete network.train)).lines[0]).toMatch(
      /^pass .* \(evalFlipSum \S+\)$/,
    );
    expect(tf.memory().numTensors).toBe(before);
  });
});

describe('conformance of backbones', () => {
  beforeAll(async () => {
    await tf.setBackend('wasm');
  });

  it('moves a PReLU input that rounds to the wrong side of 0, and notes it', async () => {
    // One input of the pass is 3.4e-7. The second case is the same network with that input at −3.4e-7, which changes the
    // gradient of conv1 by a hundredth. However the backend rounds, the input is on the wrong side in one of the cases.
    const { passed, lines } = await run(
      readFileSync(new URL('../__fixtures__/backbone-kink.json', import.meta.url), 'utf8'),
    );
    expect(passed).toBe(2);
    const notes = lines.filter((line) =>
      line.endsWith('; 1 PReLU input within 5e-6 of 0 taken on the other side)'),
    );
    expect(notes).toHaveLength(1);
  });

  it.each<[string, (network: Network) => unknown]>([
    ['evalFlipSum', ({ evalFlipSum }) => scale(evalFlipSum)],
    ['features', ({ train }) => scale(train!.features)],
    ['loss', ({ train }) => scale(train!, 'loss')],
    ['gradL2', ({ train }) => scale(train!.gradL2, 'layer1.0.prelu.weight')],
    ['gradConv1Weight', ({ train }) => scale(train!.gradConv1Weight)],
  ])('finds a wrong %s', async (key, change) => {
    const { passed, failed, lines } = await runChanged(change);
    expect([passed, failed]).toEqual([0, 1]);
    // All values of one key are 0.2 % too large. The other keys pass.
    const errors = [...lines[0]!.matchAll(/(\w+) (\d\.\de[+-]\d+)/g)].map(([, name, error]) => [name, error]);
    expect(errors.filter(([, error]) => Number(error) > 1e-3)).toEqual([[key, '2.0e-3']]);
  });
});

function scale<T extends object>(values: T, ...keys: (keyof T)[]): void {
  const record = values as Record<PropertyKey, number>;
  for (const key of keys.length > 0 ? keys : Object.keys(values)) {
    record[key as string] = record[key as string]! * 1.002;
  }
}

describe('a damaged file', () => {
  beforeAll(async () => {
    await tf.setBackend('wasm');
  });

  it.each<[string, (network: Network) => unknown, RegExp]>([
    ['no blocks', (network) => delete (network as Partial<Network>).layers, /layers must be a list/],
    ['half a block', ({ layers }) => set(layers, 0, 0.5), /networks\[0\]\.layers must be a list of whole/],
    ['no index', (network) => set(network, 'inputSeedIndex', -1), /inputSeedIndex must be a whole number/],
    [
      'a flat shape',
      (network) => set(network, 'inputShapeNCHW', [2, 3]),
      /inputShapeNCHW must be a list of 4/,
    ],
    ['a shape with two channels', (network) => set(network.inputShapeNCHW, 1, 2), /channels must be 1/],
    ['no names', (network) => set(network, 'parameterOrder', [3]), /parameterOrder must be a list of names/],
    [
      'an unknown name',
      ({ parameterOrder }) => (parameterOrder as string[]).push('fc6.weight'),
      /networks\[0\]: .*1 unexpected \(fc6\.weight\)/,
    ],
    ['half an embedding', ({ evalFlipSum }) => (evalFlipSum as number[]).pop(), /a list of 2 embeddings/],
    ['no embedding', (network) => set(network, 'evalFlipSum', []), /a list of 2 embeddings/],
    [
      'a text as loss',
      ({ train }) => set(train!, 'loss', 'x'),
      /train\.loss must be a finite number, but is "x"/,
    ],
    [
      'no features',
      ({ train }) => set(train!, 'features', [1]),
      /train\.features must be a list of 24 finite/,
    ],
    [
      'no norm',
      ({ train }) => set(train!.gradL2, 'bn1.bias', null),
      /gradL2\['bn1\.bias'\] must be a finite/,
    ],
    [
      'an unknown norm',
      ({ train }) => set(train!.gradL2, 'fc6', 1),
      /gradL2 must have the parameters bn1\.bias, /,
    ],
    ['training that is a number', (network) => set(network, 'train', 3), /train must be an object, but is 3/],
  ])('with %s is a DataError that names case and key', async (_, change, message) => {
    const failure = runChanged(change);
    await expect(failure).rejects.toThrow(DataError);
    await expect(failure).rejects.toThrow(message);
    await expect(failure).rejects.toThrow(/backbone\.json: /);
  });

  it('without networks, or without JSON, is a DataError', async () => {
    await expect(run('{')).rejects.toThrow(/backbone\.json: The fixture file is not JSON/);
    await expect(run('null')).rejects.toThrow(/has no cases: expected a list 'networks'/);
    await expect(run('{"networks": []}')).rejects.toThrow(/has no cases: expected a list 'networks'/);
    await expect(run('{"networks": [3]}')).rejects.toThrow(/networks\[0\] must be an object, but is 3/);
  });
});

function set(part: unknown, key: string | number, value: unknown): void {
  Object.assign(part as object, { [key]: value });
}
