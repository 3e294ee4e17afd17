import { MissingKernelError } from '@openset/core';
import * as tf from '@tensorflow/tfjs';
import { beforeEach, describe, expect, it } from 'vitest';
import { describeBothWays } from './__fixtures__/elementwise-tests.ts';
import { expectGradients } from './__fixtures__/numeric-gradient.ts';
import { referenceConvolution } from './__fixtures__/reference-convolution.ts';
import { digits } from './__fixtures__/reference-volumes.ts';
import { expectNoLeak, random, relativeError } from './__fixtures__/run-kernel.ts';
import './index.ts';

beforeEach(async () => {
  await tf.setBackend('wasm');
});

const operand = (content: Float32Array, shape: number[]): tf.Tensor => tf.tensor(content, shape);

type Padding = 'same' | 'valid' | number | tf.backend_util.ExplicitPadding;

describeBothWays('the gradients of dilated convolutions', () => {
  const layers: readonly [string, number | [number, number], Padding][] = [
    ['same', 2, 'same'],
    ['valid', 3, 'valid'],
    ['unequal', [1, 3], 'same'],
    ['a padding number', 2, 3],
    [
      'explicit padding',
      [2, 1],
      [
        [0, 0],
        [3, 1],
        [0, 2],
        [0, 0],
      ],
    ],
  ];

  it.each(layers)('agree with the definition: %s', (_, dilation, pad) => {
    const dilations: [number, number] = typeof dilation === 'number' ? [dilation, dilation] : dilation;
    for (const batch of [1, 3]) {
      for (const depthwise of [false, true]) {
        const reference = referenceConvolution(
          {
            batch,
            input: [9, 8],
            inChannels: 2,
            outChannels: 3,
            kernel: [3, 2],
            strides: [1, 1],
            dilations,
            pad,
            dimRoundingMode: undefined,
          },
          depthwise,
        );
        const { inputShape, filterShape, outputShape } = reference;
        const x = operand(reference.x, inputShape) as tf.Tensor4D;
        const filter = operand(reference.filter, filterShape) as tf.Tensor4D;
        const dy = operand(reference.dy, outputShape) as tf.Tensor4D;
        const convolve = depthwise ? tf.depthwiseConv2d : tf.conv2d;
        const gradients = tf.grads((images, taps) =>
          convolve(images as tf.Tensor4D, taps as tf.Tensor4D, 1, pad as number, 'NHWC', dilations),
        );
        const [dx, dFilter] = gradients([x, filter], dy) as [tf.Tensor, tf.Tensor];
        expect(relativeError(dx.dataSync(), reference.dx)).toBeLessThan(1e-5);
        expect(relativeError(dFilter.dataSync(), reference.dFilter)).toBeLessThan(1e-5);
      }
    }
  });

  it('are refused by tfjs in a fused convolution without an activation', () => {
    const x = random([1, 5, 5, 1], 1);
    const filter = random([2, 2, 1, 1], 2) as tf.Tensor4D;
    const fused = (activation: 'linear' | 'elu') =>
      tf.grad((v) =>
        tf.fused.conv2d({ x: v as tf.Tensor4D, filter, strides: 1, pad: 'same', dilations: 2, activation }),
      );
    expect(() => fused('linear')(x)).toThrow(/dilation rates greater than 1/);
    expect(fused('elu')(x).shape).toEqual([1, 5, 5, 1]);
  });

  it('have gradients of their own', () => {
    const [filter, weights] = [random([3, 3, 2, 2], 2) as tf.Tensor4D, random([1, 7, 6, 2], 3)];
    // The convolution is linear in x, so the gradient of half its square norm is the transposed convolution of it.
    const convolve = (x: tf.Tensor) => tf.conv2d(x as tf.Tensor4D, filter, 1, 'same', 'NHWC', 2);
    const half = (x: tf.Tensor) => tf.mul(0.5, tf.sum(tf.square(convolve(x))));
    const x = random([1, 7, 6, 2], 1);
    const product = tf.grad((v) => tf.sum(tf.mul(tf.grad(half)(v), weights)))(x);
    const expected = tf.grad((v) => tf.sum(tf.mul(convolve(v), convolve(weights))))(x);
    expect(relativeError(product.dataSync(), expected.dataSync())).toBeLessThan(1e-5);
  });
});

describe('the gradients of convolutions that round up', () => {
  it.each(['conv2d', 'fused.conv2d', 'depthwiseConv2d'])('agree with the definition: %s', (name) => {
    const depthwise = name === 'depthwiseConv2d';
    const reference = referenceConvolution(
      {
        batch: 2,
        input: [6, 7],
        inChannels: 2,
        outChannels: 2,
        kernel: [3, 3],
        strides: [2, 2],
        dilations: [1, 1],
        pad: 0,
        dimRoundingMode: 'ceil',
      },
      depthwise,
    );
    const operation = (x: tf.Tensor, filter: tf.Tensor): tf.Tensor => {
      const operands = [x as tf.Tensor4D, filter as tf.Tensor4D] as const;
      if (name === 'fused.conv2d') {
        const [images, taps] = operands;
        return tf.fused.conv2d({ x: images, filter: taps, strides: 2, pad: 0, dimRoundingMode: 'ceil' });
      }
      const convolve = depthwise ? tf.depthwiseConv2d : tf.conv2d;
      return convolve(...operands, 2, 0, 'NHWC', 1, 'ceil');
    };
    const x = operand(reference.x, reference.inputShape);
    const filter = operand(reference.filter, reference.filterShape);
    const dy = operand(reference.dy, reference.outputShape);
    const [dx, dFilter] = tf.grads(operation)([x, filter], dy) as [tf.Tensor, tf.Tensor];
    expect(relativeError(dx.dataSync(), reference.dx)).toBeLessThan(1e-5);
    expect(relativeError(dFilter.dataSync(), reference.dFilter)).toBeLessThan(1e-5);
  });
});

describe('cumsum', () => {
  it.each([
    [0, false, false],
    [1, true, false],
    [2, false, true],
    [1, true, true],
  ])(
    'has the values and gradients of its definition: axis %i, exclusive %s, reverse %s',
    (axis, exclusive, reverse) => {
      const shape = [3, 3, 3];
      expectGradients({
        shapes: [shape],
        operation: (x) => tf.cumsum(x, axis, exclusive, reverse),
        definition: (x) =>
          x.map((_, index) => {
            const target = digits(index, shape);
            return x.reduce((sum, value, other) => {
              const place = digits(other, shape);
              const step = (place[axis]! - target[axis]!) * (reverse ? -1 : 1);
              const isOnLine = place.every((at, along) => along === axis || at === target[along]);
              return isOnLine && (exclusive ? step < 0 : step <= 0) ? sum + value : sum;
            }, 0);
          }),
      });
    },
  );
});

describe('mirrorPad', () => {
  const mirrored = (at: number, size: number, mode: 'reflect' | 'symmetric') => {
    const shift = mode === 'symmetric' ? 1 : 0;
    if (at < 0) return -at - shift;
    return at < size ? at : 2 * (size - 1) - at + shift;
  };
  const pads: readonly (readonly [number[], [number, number][]])[] = [
    [[4], [[3, 2]]],
    [
      [3, 4],
      [
        [1, 2],
        [0, 3],
      ],
    ],
    [
      [2, 3, 1, 2],
      [
        [1, 0],
        [2, 2],
        [0, 0],
        [1, 1],
      ],
    ],
    [
      [2, 5],
      [
        [0, 0],
        [0, 0],
      ],
    ],
  ];
  for (const mode of ['reflect', 'symmetric'] as const) {
    it.each(pads)(`has the values and gradients of its definition, ${mode}: %j by %j`, (shape, paddings) => {
      const padded = shape.map((size, axis) => size + paddings[axis]![0] + paddings[axis]![1]);
      expectGradients({
        shapes: [shape],
        operation: (x) => tf.mirrorPad(x, paddings, mode),
        definition: (x) =>
          Float64Array.from({ length: tf.util.sizeFromShape(padded) }, (_, index) => {
            const place = digits(index, padded).map((at, axis) =>
              mirrored(at - paddings[axis]![0], shape[axis]!, mode),
            );
            return x[place.reduce((sum, at, axis) => sum * shape[axis]! + at, 0)]!;
          }),
      });
    });
  }

  it('leaves nothing behind', () => {
    const x = random([3, 4], 1);
    expectNoLeak(
      () =>
        tf.grad((v) =>
          tf.mirrorPad(
            v,
            [
              [1, 2],
              [0, 3],
            ],
            'reflect',
          ),
        )(x),
      20,
    );
    x.dispose();
  });
});

describe('operands that are broadcast', () => {
  const shapes: readonly (readonly [number[], number[]])[] = [
    [[2, 3, 4], [4]],
    [[4], [2, 3, 4]],
    [
      [2, 1, 4],
      [3, 1],
    ],
    [[], [2, 2]],
    [
      [3, 2],
      [3, 2],
    ],
  ];
  const functions = {
    maximum: [tf.maximum, Math.max],
    minimum: [tf.minimum, Math.min],
    squaredDifference: [tf.squaredDifference, (a: number, b: number) => (a - b) ** 2],
  } as const;
  for (const [name, [operation, definition]] of Object.entries(functions)) {
    it.each(shapes)(`get gradients of their shape: ${name} of %j and %j`, (a, b) => {
      const shape = tf.broadcast_util.assertAndGetBroadcastShape(a, b);
      const indexIn = (own: number[], index: number) =>
        digits(index, shape)
          .slice(shape.length - own.length)
          .reduce((sum, at, axis) => sum * own[axis]! + (own[axis] === 1 ? 0 : at), 0);
      expectGradients({
        shapes: [a, b],
        operation,
        definition: (x, y) =>
          Float64Array.from({ length: tf.util.sizeFromShape(shape) }, (_, index) =>
            definition(x[indexIn(a, index)]!, y[indexIn(b, index)]!),
          ),
      });
    });
  }

  it.each([
    [
      [1, 3, 4],
      [2, 4, 2],
    ],
    [
      [2, 3, 4],
      [1, 4, 2],
    ],
    [
      [2, 1, 3, 4],
      [1, 2, 4, 2],
    ],
  ])('get gradients of their shape: products of %j and %j', (shapeA, shapeB) => {
    const a = random(shapeA, 1);
    const b = random(shapeB, 2);
    for (const [transposeA, transposeB] of [
      [false, false],
      [true, true],
    ] as const) {
      const order = [...shapeA.slice(0, -2).keys(), shapeA.length - 1, shapeA.length - 2];
      const [left, right] = [
        transposeA ? tf.transpose(a, order) : a,
        transposeB ? tf.transpose(b, order) : b,
      ];
      const product = (x: tf.Tensor, y: tf.Tensor) => tf.matMul(x, y, transposeA, transposeB);
      const gradients = tf.grads(product)([left, right]) as [tf.Tensor, tf.Tensor];
      // The sum of a product is linear in each operand.
      const total = tf.sum(product(left, right)).dataSync()[0]!;
      [left, right].forEach((operand, index) => {
        const gradient = gradients[index]!;
        expect(gradient.shape).toEqual(operand.shape);
        expect(tf.sum(tf.mul(gradient, operand)).dataSync()[0]).toBeCloseTo(total, 4);
      });
    }
  });
});

describe('prod', () => {
  it.each([-1, 0, [-2, 0]])('has the gradient of its definition: axis %j', (axis) => {
    const shape = [2, 3, 4];
    const axes = [axis].flat().map((at) => (at + 3) % 3);
    const kept = [0, 1, 2].filter((at) => !axes.includes(at));
    expectGradients({
      shapes: [shape],
      operation: (x) => tf.prod(x, axis),
      definition: (x) => {
        const results = new Float64Array(kept.reduce((size, at) => size * shape[at]!, 1)).fill(1);
        x.forEach((value, index) => {
          const place = digits(index, shape);
          results[kept.reduce((sum, at) => sum * shape[at]! + place[at]!, 0)]! *= value;
        });
        return results;
      },
    });
  });
});

describe('functions that are constant between steps', () => {
  it('have a gradient of zero', () => {
    const gradients = tf.grads((a, b) => tf.floorDiv(a, b))([tf.tensor1d([7.5, -3]), tf.tensor1d([2])]);
    expect(gradients.map((gradient) => [...gradient.dataSync()])).toEqual([[0, 0], [0]]);
    const whole = (x: tf.Tensor) => tf.mul(x, tf.cast(tf.cast(tf.mul(x, 10), 'int32'), 'float32'));
    expect([
      ...tf
        .grad(whole)(tf.tensor1d([0.33, -1.27]))
        .dataSync(),
    ]).toEqual([3, -12]);
    expect([
      ...tf
        .grad((x) => tf.cast(x, 'float32'))(tf.tensor1d([4]))
        .dataSync(),
    ]).toEqual([1]);
  });
});

describe('registration', () => {
  it('leaves other backends the gradients of tfjs-core', async () => {
    const transposed = tf.grad((v) => tf.einsum('ij->ji', v));
    const quotient = tf.grad((v) => tf.floorDiv(v, tf.scalar(2)));
    const dilated = tf.grad((v) => tf.conv2d(v as tf.Tensor4D, tf.ones([2, 2, 1, 1]), 1, 'same', 'NHWC', 2));
    const ones = tf.ones([2, 3]);
    const image = tf.ones([1, 4, 4, 1]);
    tf.dispose([transposed(ones), quotient(ones), dilated(image)]);
    await tf.setBackend('cpu');
    expect([...quotient(ones).dataSync()]).toEqual(Array(6).fill(0.5));
    expect(() => dilated(image)).toThrow(/dilation rates greater than 1/);
    expect(() => transposed(ones)).toThrow(MissingKernelError);
    expect(() => transposed(ones)).toThrow(/No gradient of Einsum is registered for the backend 'cpu'/);
  });

  it('survives an import of tfjs or tfjs-layers at any time', () => {
    const gradient = tf.grad((v) => tf.floorDiv(v, tf.scalar(2)));
    const x = tf.tensor1d([3]);
    gradient(x).dispose();
    const own = tf.getGradient('FloorDiv');
    gradient(x).dispose();
    expect(tf.getGradient('FloorDiv')).toBe(own);
    // As the import does.
    const stock = { kernelName: 'FloorDiv', inputsToSave: ['a', 'b'], gradFunc: () => ({}) };
    tf.registerGradient(stock);
    expect([...gradient(x).dataSync()]).toEqual([0]);
    expect(tf.getGradient('FloorDiv')).not.toBe(stock);
    tf.registerGradient(own);
  });
});
