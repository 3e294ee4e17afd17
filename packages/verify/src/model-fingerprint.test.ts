import * as tf from '@tensorflow/tfjs-core';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { decodeModel, encodeModel, type ModelDescription } from './model-file.ts';
import { modelFingerprint } from './model-fingerprint.ts';

const description: ModelDescription = {
  backbone: { backbone: 'linear', inputSize: 4, options: { b: [1], a: null } },
  threshold: 0.5,
  thresholdSource: 'held-out',
  flipSum: true,
  orientation: 'exif',
  crop: { kind: 'points' },
} as unknown as ModelDescription;

const weights = { 'dense/kernel': [0.1, -2, 3e-40, 1e30, 0, -0], 'a/bias': [1, 2] };

/** Returns the fingerprint of a description with the weights above. */
async function fingerprintOf(
  changes: Partial<ModelDescription> = {},
  values: Record<string, readonly number[]> = weights,
  shape?: [number, number],
): Promise<string> {
  const state = Object.fromEntries(
    Object.entries(values).map(([name, list]) => [
      name,
      shape && name === 'dense/kernel' ? tf.tensor2d([...list], shape) : tf.tensor1d([...list]),
    ]),
  );
  const fingerprint = await modelFingerprint({ ...description, ...changes }, state);
  tf.dispose(state);
  return fingerprint;
}

describe.each(['cpu', 'wasm'])('modelFingerprint on %s', (backend) => {
  it('of the same model is the same on every backend and in every run', async () => {
    await tf.setBackend(backend);
    const before = tf.memory().numTensors;
    // Computed by another program. Another value would make all galleries of users unusable.
    expect(await fingerprintOf()).toBe('f55a1c0ff2926df1afa5f41735e2f3fa4c6fad652aad1b77f631392e88498b35');
    expect(tf.memory().numTensors).toBe(before);
  });

  it('survives the model file', async () => {
    await tf.setBackend(backend);
    const state = { kernel: tf.tensor2d([0.1, 0.2, -3, 1e-30], [2, 2]) };
    const file = decodeModel(await encodeModel(description, state));
    expect(await modelFingerprint(file.description, file.state)).toBe(
      await modelFingerprint(description, state),
    );
    tf.dispose([state, file.state]);
  });
});

describe('modelFingerprint', () => {
  afterEach(() => {
    vi.unstubAllGlobals();
  });

  it('does not depend on the order of names and options', async () => {
    const original = await fingerprintOf();
    const reversed = Object.fromEntries(Object.entries(weights).reverse());
    expect(await fingerprintOf({}, reversed)).toBe(original);
    const backbone = { options: { a: null, b: [1] }, inputSize: 4, backbone: 'linear' };
    expect(await fingerprintOf({ backbone })).toBe(original);
  });

  it('does not depend on thresholds and calibrations', async () => {
    const calibrated = { threshold: 0.7, calibration: { slope: -3, offset: 1 }, question: null } as never;
    expect(await fingerprintOf(calibrated)).toBe(await fingerprintOf());
  });

  it('takes a missing option as its default', async () => {
    const { flipSum: _, ...without } = description;
    const state = { kernel: tf.tensor1d([1]) };
    expect(await modelFingerprint(without, state)).toBe(await modelFingerprint(description, state));
    const plain = { ...description, crop: null, orientation: undefined } as unknown as ModelDescription;
    const { crop: __, orientation: ___, ...older } = description;
    expect(await modelFingerprint(older, state)).toBe(await modelFingerprint(plain, state));
    tf.dispose(state);
  });

  it.each<[string, () => Promise<string>]>([
    ['crop', () => fingerprintOf({ crop: { kind: 'box', scale: 1.2 } })],
    ['scale of a crop', () => fingerprintOf({ crop: { kind: 'box', scale: 1.3 } })],
    ['crop, none', () => fingerprintOf({ crop: null } as never)],
    ['flipSum', () => fingerprintOf({ flipSum: false })],
    ['orientation', () => fingerprintOf({ orientation: 'ignore' } as never)],
    ['option of the network', () => fingerprintOf({ backbone: { ...description.backbone, inputSize: 5 } })],
    ['weight', () => fingerprintOf({}, { ...weights, 'a/bias': [1, 2.0000002384185791] })],
    ['sign of zero', () => fingerprintOf({}, { ...weights, 'dense/kernel': [0.1, -2, 3e-40, 1e30, 0, 0] })],
    [
      'name of a weight',
      () => fingerprintOf({}, { 'dense/kernel': weights['dense/kernel'], 'b/bias': [1, 2] }),
    ],
    ['number of weights', () => fingerprintOf({}, { 'dense/kernel': weights['dense/kernel'] })],
    ['shape of a weight', () => fingerprintOf({}, weights, [2, 3])],
    ['shape, transposed', () => fingerprintOf({}, weights, [3, 2])],
  ])('differs with another %s', async (_, changed) => {
    const fingerprint = await changed();
    expect(fingerprint).toMatch(/^[0-9a-f]{64}$/);
    expect(fingerprint).not.toBe(await fingerprintOf());
  });

  it('says what to do on a page without crypto.subtle', async () => {
    vi.stubGlobal('crypto', {});
    await expect(fingerprintOf()).rejects.toThrow('serve it over https, or from localhost');
  });
});
