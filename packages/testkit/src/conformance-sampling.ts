import { ConfigError, type ConformanceCase, DataError, type OpenSetLoss, ShapeError } from '@openset/core';
import * as tf from '@tensorflow/tfjs-core';
import { describe, expect, it } from 'vitest';
import { commitBatch, makeBatch, standardSizes, warmLoss } from './conformance-setup.ts';
import { lossAndGradients, numericState } from './evaluate-loss.ts';
import { gradientCheck } from './gradient-check.ts';

/** Relative error that finite differences of a float32 function leave. */
const differenceTolerance = 5e-3;
const labels = [3, 0, 3, 6];
const given = [6, 3, 1, 0];

/**
 * Registers the tests of Partial FC, on the active backend: a step that scores against some classes only.
 * @param makeWith creates the loss with more options
 * @param stopsGradients whether finite differences cannot check the loss
 */
export function samplingTests(
  makeWith: (options: object, sizes: typeof standardSizes) => OpenSetLoss,
  { epoch, stopsGradients = false }: Pick<ConformanceCase, 'epoch' | 'stopsGradients'>,
): void {
  const context = epoch === undefined ? undefined : { epoch };
  const { numClasses, embeddingSize } = standardSizes;
  const makeLoss = (options: object) => makeWith(options, standardSizes);
  const batch = (seed: number) => makeBatch(labels, embeddingSize, seed);

  /** Returns the classes whose rows of the weights have a gradient. */
  const touchedClasses = (gradient: Float32Array): number[] => {
    const size = gradient.length / numClasses;
    const rows = Array.from({ length: numClasses }, (_, label) => label);
    return rows.filter((label) => gradient.subarray(label * size, (label + 1) * size).some(Boolean));
  };

  describe('samples classes', () => {
    it(`so that only the given ones get a gradient${stopsGradients ? '' : ', which matches finite differences'}`, async () => {
      const loss = warmLoss((sizes) => makeWith({}, sizes), standardSizes, context);
      const { embeddings, labels: own } = batch(31);
      const sampledClasses = tf.tensor1d(given, 'int32');
      const few = { ...context, sampledClasses };
      const result = await lossAndGradients(loss, embeddings, own, { context: few });
      const [weight] = loss.trainable;
      expect(touchedClasses(result.trainable[0]!)).toEqual([...given].sort());
      if (stopsGradients) return;
      const lossAt = async (moved: tf.Tensor2D) => {
        const step = loss.forward(moved, own, few);
        const [value] = await step.loss.data();
        step.dispose();
        return value!;
      };
      const point = (await embeddings.data()) as Float32Array;
      const ofEmbeddings = await gradientCheck(
        async (values) => {
          const moved = tf.tensor2d(values, embeddings.shape);
          const value = await lossAt(moved);
          moved.dispose();
          return value;
        },
        point,
        result.embeddings,
      );
      const ofWeight = await gradientCheck(
        async (values) => {
          tf.tidy(() => weight!.assign(tf.tensor(values, weight!.shape)));
          return lossAt(embeddings);
        },
        (await weight!.data()) as Float32Array,
        result.trainable[0]!,
      );
      expect(Math.max(ofEmbeddings, ofWeight)).toBeLessThan(differenceTolerance);
      tf.dispose([embeddings, own, sampledClasses]);
      loss.dispose();
    });

    it('by a rate, after each commit others, and the same ones after a resume', async () => {
      const loss = makeLoss({ negativeSampleRate: 0.6 });
      commitBatch(loss, batch(32), context);
      const resumed = makeLoss({ negativeSampleRate: 0.6 });
      const state = loss.getState();
      resumed.setState(state);
      tf.dispose(state);
      const { embeddings, labels: own } = batch(33);
      const drawn = new Set<string>();
      for (let count = 0; count < 8; count++) {
        const options = { context, commit: true };
        const pure = await lossAndGradients(loss, embeddings, own, { context });
        const result = await lossAndGradients(loss, embeddings, own, options);
        expect(result).toEqual(pure);
        expect(await lossAndGradients(resumed, embeddings, own, options)).toEqual(result);
        const classes = touchedClasses(result.trainable[0]!);
        // ⌊0.6 · 7⌋ classes: 0, 3 and 6, and one of the others.
        expect(classes).toHaveLength(4);
        expect(classes).toEqual(expect.arrayContaining([0, 3, 6]));
        drawn.add(String(classes));
      }
      expect(drawn.size).toBeGreaterThan(1);
      expect(await numericState(resumed)).toEqual(await numericState(loss));
      tf.dispose([embeddings, own]);
      loss.dispose();
      resumed.dispose();
    });

    it('and refuses classes that do not suit the batch, and rates out of range', async () => {
      const loss = makeLoss({});
      const { embeddings, labels: own } = batch(34);
      const before = await numericState(loss);
      const { numTensors } = tf.memory();
      const refuse = (
        values: number[] | number[][],
        type: 'int32' | 'float32',
        message: RegExp,
        kind: unknown,
      ) => {
        const sampledClasses = tf.tensor(values, undefined, type) as tf.Tensor1D;
        const forward = () =>
          loss.forward(embeddings, own, { ...context, checkValues: true, sampledClasses });
        expect(forward).toThrow(kind as typeof DataError);
        expect(forward).toThrow(message);
        sampledClasses.dispose();
      };
      refuse([0, 3, 3, 6], 'int32', /sampledClasses\[2\] is 3/, DataError);
      refuse([0, 3, 6, 7], 'int32', /sampledClasses\[3\] is 7.*0 to 6/, DataError);
      refuse([-1, 0, 3, 6], 'int32', /sampledClasses\[0\] is -1/, DataError);
      refuse([0, 3], 'int32', /labels\[3\] is 6.*sampledClasses/, DataError);
      refuse([0, 3, 6], 'float32', /int32, but is float32/, DataError);
      refuse([[0, 3, 6]], 'int32', /\[count\].*\[1, 3\]/, ShapeError);
      refuse([], 'int32', /\[count\].*\[0\]/, ShapeError);
      expect(tf.memory().numTensors).toBe(numTensors);
      expect(await numericState(loss)).toEqual(before);
      for (const negativeSampleRate of [0, 1.5, Number.NaN]) {
        expect(() => makeLoss({ negativeSampleRate })).toThrow(ConfigError);
      }
      tf.dispose([embeddings, own]);
      loss.dispose();
    });

    it('without leaking a tensor', async () => {
      const { numTensors } = tf.memory();
      const loss = makeLoss({ negativeSampleRate: 0.6 });
      const sampledClasses = tf.tensor1d(given, 'int32');
      const { embeddings, labels: own } = batch(35);
      const held = tf.memory().numTensors;
      for (const each of [context, { ...context, sampledClasses }]) {
        await lossAndGradients(loss, embeddings, own, { context: each, commit: true });
        loss.forward(embeddings, own, each).dispose();
        expect(tf.memory().numTensors).toBe(held);
      }
      tf.dispose([embeddings, own, sampledClasses]);
      loss.dispose();
      expect(tf.memory().numTensors).toBe(numTensors);
    });
  });
}
