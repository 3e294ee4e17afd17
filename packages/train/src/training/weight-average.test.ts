import { ConfigError } from '@openset/core';
import { describeOnBackends } from '@openset/testkit/vitest';
import * as tf from '@tensorflow/tfjs-core';
import { expect, it } from 'vitest';
import { WeightAverage } from './weight-average.ts';

describeOnBackends('WeightAverage', () => {
  // torch 2.13: AveragedModel(model, multi_avg_fn=get_ema_multi_avg_fn(.9)) over the weights 1, 2, 4 has 1,
  // 1.100000023841858 and 1.3899999856948853.
  it('averages like torch.optim.swa_utils.AveragedModel', async () => {
    const variable = tf.variable(tf.tensor1d([0])) as tf.Variable;
    const average = new WeightAverage({ decay: 0.9 });
    expect(average.isEmpty).toBe(true);
    for (const [weight, expected] of [
      [1, 1],
      [2, 1.100000023841858],
      [4, 1.3899999856948853],
    ] as const) {
      tf.tidy(() => variable.assign(tf.tensor1d([weight])));
      average.update([variable]);
      expect(await average.use(() => variable.dataSync()[0])).toBeCloseTo(expected, 6);
      expect(variable.dataSync()[0]).toBe(weight);
    }
    average.restart([variable]);
    expect(await average.use(() => variable.dataSync()[0])).toBe(4);
    average.dispose();
    variable.dispose();
  });

  it('restores the weights after an error, and rejects a nested use', async () => {
    const variable = tf.variable(tf.tensor1d([1])) as tf.Variable;
    const average = new WeightAverage({ decay: 0.5 });
    average.update([variable]);
    tf.tidy(() => variable.assign(tf.tensor1d([2])));
    const { numTensors } = tf.memory();
    const nested = average.use(() => average.use(() => 1));
    await expect(nested).rejects.toThrow(ConfigError);
    expect(variable.dataSync()[0]).toBe(2);
    expect(tf.memory().numTensors).toBe(numTensors);
    average.dispose();
    variable.dispose();
  });

  it('checks its decay', () => {
    expect(() => new WeightAverage({ decay: 1 })).toThrow(ConfigError);
    expect(() => new WeightAverage({ decay: Number.NaN })).toThrow(ConfigError);
  });
});
