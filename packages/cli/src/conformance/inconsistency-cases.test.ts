import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DataError } from '@openset/core';
import { type BlockProduct, operatingPointInconsistency } from '@openset/metrics';
import { describeOnBackends } from '@openset/testkit/vitest';
import * as tf from '@tensorflow/tfjs-core';
import '@tensorflow/tfjs-backend-cpu';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { readInconsistencyFixtures } from './inconsistency-fixture.ts';
import { type ConformanceKind, runConformance } from './run-conformance.ts';

const opisText = readFileSync(
  new URL('../../../metrics/src/__fixtures__/opis.json', import.meta.url),
  'utf8',
);
const lossesText = readFileSync(new URL('../__fixtures__/losses.json', import.meta.url), 'utf8');

let folder: string;
beforeAll(async () => {
  await tf.setBackend('cpu');
  folder = mkdtempSync(join(tmpdir(), 'openset-opis-'));
});
afterAll(() => rmSync(folder, { recursive: true }));

async function run(content: object, kind: ConformanceKind = 'metrics') {
  const file = join(folder, 'opis.json');
  writeFileSync(file, JSON.stringify(content));
  const lines: string[] = [];
  const report = await runConformance({ files: [file], kind, print: (line) => lines.push(line) });
  return { ...report, lines };
}

type Case = Record<string, unknown> & { config: Record<string, unknown>; utility: number[] };
const cases = () => (JSON.parse(opisText) as { opis: Case[] }).opis;

const set = (part: object, key: string | number, value: unknown): void => {
  Object.assign(part, { [key]: value });
};

/** Runs the first case after a change. */
function runChanged(change: (one: Case) => unknown) {
  const [first] = cases();
  change(first!);
  return run({ opis: [first] });
}

describe('conformance of the operating-point inconsistency', () => {
  it.each(['metrics', 'losses'] as const)('passes the reference values as %s', async (kind) => {
    const { lines } = await run({ opis: cases() }, kind);
    expect(lines).toEqual([
      'pass  opis default  (137 values)',
      'pass  opis wide range, c = 2  (65 values)',
      'pass  opis classes of one sample are left out  (73 values)',
      '3 passed, 0 failed',
    ]);
  });

  it('runs beside the losses of a file, and alone if metrics are asked for', async () => {
    const [first] = (JSON.parse(lossesText) as { cases: object[] }).cases;
    const content = { cases: [first], opis: cases() };
    expect((await run(content, 'losses')).lines.at(-1)).toBe('4 passed, 0 failed');
    expect((await run(content, 'metrics')).lines.at(-1)).toBe('3 passed, 0 failed');
  });

  it.each<[string, (one: Case) => void, RegExp]>([
    [
      'a utility',
      (one) => set(one.utility, 1, one.utility[1]! + 2e-6),
      /137 values; utility of 0 at 1 0\.9\d+, expected 0\.9\d+\)$/,
    ],
    ['the score', (one) => set(one, 'expectedOpis', 0.02), /; expectedOpis 0\.0149\d+, expected 0\.02\)$/],
    ['a count', (one) => set(one, 'negativePairs', 600), /; negativePairs 599, expected 600\)$/],
    ['a distance', (one) => set(one, 'distanceAtFar', [0.7238, 1.0755354]), /; distanceAtFar\[0\] 0\.72378/],
    ['a class', (one) => set(one, 'classes', [0, 1, 2, 3, 4, 9]), /; utility of 9 at 0 NaN, expected/],
  ])('reports %s that differs', async (_, change, message) => {
    const { lines } = await runChanged(change);
    expect(lines[0]).toMatch(/^FAIL {2}opis default/);
    expect(lines[0]).toMatch(message);
    expect(lines[1]).toBe('0 passed, 1 failed');
  });

  it.each<[string, (one: Case) => void, RegExp]>([
    [
      'no configuration',
      (one) => void delete (one as Partial<Case>).config,
      /opis\[0\]\.config must be an object/,
    ],
    ['no labels', (one) => void delete one.labels, /opis\[0\]\.labels must be a list, but is missing/],
    ['too few utilities', (one) => void one.utility.pop(), /opis\[0\]\.utility has 125 values, not 126/],
    ['no thresholds', (one) => set(one.config, 'thresholds', 0), /config\.thresholds must be a whole number/],
    ['no score', (one) => void delete one.expectedOpis, /opis\[0\]\.expectedOpis must be a finite number/],
    [
      'a range upside down',
      (one) => set(one.config, 'distanceRange', [1, 0.5]),
      /opis default: .*distanceRange/,
    ],
  ])('rejects a case with %s', async (_, change, message) => {
    const failure = runChanged(change);
    await expect(failure).rejects.toThrow(DataError);
    await expect(failure).rejects.toThrow(message);
    await expect(failure).rejects.toThrow(/opis\.json: /);
  });

  it('rejects a list that is none', async () => {
    await expect(run({ opis: 3 })).rejects.toThrow(/'opis' must be a list/);
  });
});

describeOnBackends('the operating-point inconsistency', () => {
  it('has the same values with the matrix product of the backend', () => {
    const multiply: BlockProduct = (a, b, rowsA, rowsB, size) => {
      const left = tf.tensor2d(a, [rowsA, size]);
      const right = tf.tensor2d(b, [rowsB, size]);
      const product = tf.matMul(left, right, false, true);
      const scores = product.dataSync<'float32'>();
      tf.dispose([left, right, product]);
      return scores;
    };
    const before = tf.memory().numTensors;
    for (const { config, embeddings, labels, embeddingSize, expectedOpis } of readInconsistencyFixtures(
      opisText,
    )) {
      const { thresholds, utilityWeight, distanceRange } = config;
      const options = { thresholds, utilityWeight, distanceRange, multiply, blockRows: 8 };
      const { score } = operatingPointInconsistency(embeddings, labels, embeddingSize, options);
      expect(score).toBeCloseTo(expectedOpis, 12);
    }
    expect(tf.memory().numTensors).toBe(before);
  });
});
