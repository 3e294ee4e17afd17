import { ConfigError } from '@openset/core';
import * as tf from '@tensorflow/tfjs-core';
import { beforeAll, expect, it } from 'vitest';
import { cifarDenseNet } from './cifar-densenet.ts';
import { cifarResNet } from './cifar-resnet.ts';
import { createBackbone } from './create-backbone.ts';
import { mobileFaceNet } from './mobile-facenet.ts';
import type { NetworkBackbone } from './network-backbone.ts';
import { smallCnn } from './small-cnn.ts';

beforeAll(async () => {
  await tf.setBackend('cpu');
});

it.each<[string, () => NetworkBackbone, number, readonly number[], number]>([
  // The count of the common PyTorch implementation; the paper says 0.99 million.
  ['MobileFaceNet', () => mobileFaceNet(), 1_003_136, [112, 112, 3], 128],
  // torchvision's counts with a 3×3 stem (3·3·3·64 for 7·7·3·64) and without fc: 11,689,512 − 513,000 − 7,680.
  ['CIFAR ResNet-18', () => cifarResNet(), 11_168_832, [32, 32, 3], 512],
  // 25,557,032 − 2,049,000 − 7,680.
  ['CIFAR ResNet-50', () => cifarResNet({ depth: 50 }), 23_500_352, [32, 32, 3], 2048],
  // 7,978,856 − 1,025,000 − 7,680.
  ['CIFAR DenseNet-121', () => cifarDenseNet(), 6_946_176, [32, 32, 3], 1024],
  // 9·1·16 + 9·16·32 + 9·32·64, three slopes, γ and β of 16 + 32 + 64; 4·4·64·64 and γ, β of 64.
  ['small CNN', () => smallCnn({ channels: 1 }), 23_184 + 112 * 3 + 65_536 + 128, [28, 28, 1], 64],
])('%s has the number of parameters of the original', (_, make, parameters, inputShape, embeddingSize) => {
  const backbone = make();
  expect(backbone.trainable.reduce((sum, { size }) => sum + size, 0)).toBe(parameters);
  expect([backbone.inputShape, backbone.embeddingSize]).toEqual([inputShape, embeddingSize]);
  backbone.dispose();
});

it('CIFAR networks return averaged features, or a linear map of them', () => {
  for (const make of [cifarResNet, cifarDenseNet] as const) {
    const sizes = { inputSize: 8, ...(make === cifarResNet ? { width: 2 } : { growthRate: 2, blocks: [1] }) };
    const plain = make(sizes);
    const images = tf.randomUniform([3, 8, 8, 3], -1, 1, 'float32', 1) as tf.Tensor4D;
    // Averages after a ReLU are not negative.
    expect(tf.min(plain.forward(images)).dataSync()[0]).toBeGreaterThanOrEqual(0);
    const mapped = make({ ...sizes, embeddingSize: 5 });
    expect(mapped.forward(images).shape).toEqual([3, 5]);
    expect(tf.min(mapped.forward(images)).dataSync()[0]).toBeLessThan(0);
    expect(mapped.getConfig().embeddingSize).toBe(5);
    expect('embeddingSize' in plain.getConfig()).toBe(false);
    plain.dispose();
    mapped.dispose();
  }
});

it('an invalid configuration throws a ConfigError', () => {
  expect(() => createBackbone({ backbone: 'vgg' })).toThrow(ConfigError);
  expect(() => createBackbone({ backbone: 'vgg' })).toThrow(/no backbone 'vgg'.*cifar-densenet.*small-cnn/);
  expect(() => createBackbone({ backbone: 'toString' })).toThrow(/no backbone 'toString'/);
  expect(() => createBackbone({ backbone: 'small-cnn', depth: 3 })).toThrow(/small-cnn has no option depth/);
  expect(() => cifarResNet({ depth: 34 as 18 })).toThrow(/depth must be 18 or 50, but is 34/);
  expect(() => cifarResNet({ embeddingSize: 0 })).toThrow(/embeddingSize must be a whole number from 1/);
  expect(() => cifarDenseNet({ blocks: [6, 12, 24, 16], inputSize: 7 })).toThrow(/inputSize .* from 8/);
  expect(() => mobileFaceNet({ inputSize: 8 })).toThrow(/inputSize .* from 16/);
});
