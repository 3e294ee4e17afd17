import type { AdamWRule, SgdRule } from '@openset/core';

/** Returns the numbers that the compiled step of SGD reads (assembly/optimizers.ts). */
export function sgdNumbers({ learningRate, momentum, weightDecay }: Omit<SgdRule, 'kind'>): number[] {
  return [learningRate, momentum, weightDecay];
}

/** Returns the numbers that the compiled step of AdamW reads. */
export function adamWNumbers(rule: Omit<AdamWRule, 'kind'>): number[] {
  const { learningRate, beta1, beta2, epsilon, weightDecay, step } = rule;
  const keep = 1 - learningRate * weightDecay;
  const rate = learningRate / (1 - beta1 ** step);
  const correction = 1 / Math.sqrt(1 - beta2 ** step);
  return [beta1, 1 - beta1, beta2, 1 - beta2, keep, rate, correction, epsilon];
}
