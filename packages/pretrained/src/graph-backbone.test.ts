import '@tensorflow/tfjs-backend-cpu';
import '@tensorflow/tfjs-backend-wasm';
import { ConfigError, DataError, decodeState, encodeState, ShapeError } from '@openset/core';
import { describeOnBackends } from '@openset/testkit/vitest';
import '@openset/wasm-kernels';
import { loadGraphModel } from '@tensorflow/tfjs-converter';
import * as tf from '@tensorflow/tfjs-core';
import { expect, it } from 'vitest';
import { tinyGraph } from './__fixtures__/tiny-graph.ts';
import { createPretrainedBackbone, graphBackbone } from './graph-backbone.ts';
import type { GraphFiles } from './graph-model.ts';
import type { GraphBackboneOptions } from './graph-options.ts';
import type { GraphNode } from './graph-topology.ts';

const open = (options: Partial<GraphBackboneOptions> = {}) =>
  graphBackbone(tinyGraph(), { output: 'embedding', ...options });
const images = (batch = 3) => tf.randomUniform<tf.Rank.R4>([batch, 6, 6, 1], -1, 1, 'float32', 7);

/** Sum of squares of embeddings in training mode, and its gradients. */
function gradients(backbone: ReturnType<typeof open>, x: tf.Tensor4D) {
  return tf.variableGrads(
    () => tf.sum(tf.square(backbone.forward(x, { training: true }))) as tf.Scalar,
    [...backbone.trainable],
  );
}

describeOnBackends('graphBackbone', () => {
  it('gives what the graph model gives, bit for bit, in any input range', async () => {
    const raw = await loadGraphModel(tf.io.fromMemory(tinyGraph()));
    const x = images();
    const plain = open();
    const ranged = open({ inputRange: [0, 255] });
    expect(plain.inputShape).toEqual([6, 6, 1]);
    expect(plain.embeddingSize).toBe(5);
    const expected = await (raw.execute(x, 'embedding') as tf.Tensor).data();
    expect(await plain.forward(x).data()).toEqual(expected);
    const scaled = tf.add(tf.mul(x, 127.5), 127.5);
    const expectedScaled = await (raw.execute(scaled, 'embedding') as tf.Tensor).data();
    expect(await ranged.forward(x).data()).toEqual(expectedScaled);
    for (const one of [raw, plain, ranged]) one.dispose();
  });

  it('is frozen by default: nothing to train, and no gradient passes through it', () => {
    const backbone = open();
    expect(backbone.trainable).toEqual([]);
    const headed = open({ head: 2 });
    // fc, gamma and beta of the head.
    expect(headed.trainable).toHaveLength(3);
    expect(headed.embeddingSize).toBe(2);
    expect(Object.keys(gradients(headed, images()).grads)).toHaveLength(3);
    backbone.dispose();
    headed.dispose();
  });

  it('trains the weights of the stages that are not frozen, and no limits or unused weights', async () => {
    const names = (freeze: number) => {
      const backbone = open({ freeze });
      const all = Object.entries(backbone.getState());
      const trained = backbone.trainable.map(({ shape }) => shape.join('x'));
      const shapes = all.map(([name, { shape }]) => `${name}: ${shape.join('x')}`);
      const result = { trained, features: backbone.featureShape, stages: backbone.stageCount };
      backbone.dispose();
      expect(shapes.some((name) => name.includes('unused'))).toBe(false);
      return result;
    };
    expect(names(0)).toEqual({
      trained: ['3x3x1x3', '3', '3x3x3x4', '4', '1x1x4x4', '4x5'],
      features: [6, 6, 1],
      stages: 2,
    });
    expect(names(1)).toEqual({
      trained: ['3x3x3x4', '4', '1x1x4x4', '4x5'],
      features: [6, 6, 3],
      stages: 2,
    });
    expect(names(2)).toEqual({ trained: [], features: [5], stages: 2 });
  });

  it('has the gradients of finite differences in every weight', async () => {
    const backbone = open({ freeze: 0 });
    const x = images();
    const { value, grads } = gradients(backbone, x);
    const loss = (await value.data())[0]!;
    expect(Object.keys(grads)).toHaveLength(6);
    for (const variable of backbone.trainable) {
      const gradient = await grads[variable.name]!.data<'float32'>();
      const direction = Float32Array.from(gradient, Math.sign);
      const expected = gradient.reduce((sum, one) => sum + Math.abs(one), 0);
      const before = tf.clone(variable);
      const step = 1e-3 / Math.sqrt(variable.size);
      variable.assign(tf.add(before, tf.mul(tf.tensor(direction, variable.shape), step)));
      const after = await (tf.sum(tf.square(backbone.forward(x))) as tf.Scalar).data();
      variable.assign(before);
      expect(Math.abs((after[0]! - loss) / step / expected - 1)).toBeLessThan(0.05);
    }
    backbone.dispose();
  });

  it('divides into features and what is trained on them', async () => {
    for (const freeze of [0, 1, 2, 'all'] as const) {
      const backbone = open({ freeze, head: 4, seed: 3 });
      const x = images();
      const whole = await backbone.forward(x).data();
      const features = backbone.features(x);
      expect(features.shape).toEqual([3, ...backbone.featureShape]);
      expect(await backbone.forwardFeatures(features).data()).toEqual(whole);
      expect(() => backbone.forwardFeatures(tf.zeros([2, 9]))).toThrow(ShapeError);
      const frozen = backbone.getFrozenState();
      expect(Object.keys(frozen).every((name) => name === 'topology' || name.startsWith('graph/'))).toBe(
        true,
      );
      tf.dispose(frozen);
      backbone.dispose();
    }
  });

  it('comes back from its configuration and state, bit for bit', async () => {
    const backbone = open({ freeze: 1, head: 4, seed: 3 });
    const x = images();
    for (const variable of backbone.trainable) variable.assign(tf.add(variable, 0.25));
    backbone.forward(x, { training: true });
    const bytes = await encodeState(backbone.getState());
    const state = decodeState(bytes);
    const config = JSON.parse(JSON.stringify(backbone.getConfig()));
    const again = createPretrainedBackbone(config, state);
    expect(await again.forward(x).data()).toEqual(await backbone.forward(x).data());
    expect(again.getConfig()).toEqual(backbone.getConfig());
    expect(again.trainable.map(({ shape }) => shape)).toEqual(backbone.trainable.map(({ shape }) => shape));
    for (const variable of again.trainable) variable.assign(tf.zerosLike(variable));
    again.setState(state);
    expect(await again.forward(x).data()).toEqual(await backbone.forward(x).data());
    again.dispose();
    backbone.dispose();
  });

  it('puts a new head on a state that has none', () => {
    const plain = open();
    const state = plain.getState();
    const headed = createPretrainedBackbone({ ...plain.getConfig(), head: 3 }, state);
    expect(headed.forward(images()).shape).toEqual([3, 3]);
    plain.dispose();
    headed.dispose();
  });

  it('rejects states of other graphs, and damaged ones', () => {
    const backbone = open();
    const other = graphBackbone(tinyGraph(), { output: 'pooled' });
    expect(() => backbone.setState(other.getState())).toThrow('has another graph, or another output node');
    expect(() => backbone.setState({})).toThrow("has no graph model: the tensor 'topology' is missing");
    const damaged = { ...backbone.getState(), topology: tf.tensor1d([65, 66], 'int32') };
    expect(() => backbone.setState(damaged)).toThrow("the tensor 'topology' is not JSON");
    const { 'graph/fc': _, ...fewer } = backbone.getState();
    expect(() => backbone.setState(fewer)).toThrow('1 of its 7 tensors are missing (graph/fc)');
    expect(() => createPretrainedBackbone(backbone.getConfig(), fewer)).toThrow("lacks the weight 'fc'");
    expect(() => createPretrainedBackbone({ backbone: 'small-cnn' }, fewer)).toThrow("expected 'graph'");
    backbone.dispose();
    other.dispose();
  });

  it('frees everything it made', () => {
    const state = tf.tidy(() => {
      const backbone = open({ head: 3, freeze: 1 });
      const kept = backbone.getState();
      backbone.dispose();
      return kept;
    });
    const before = tf.memory().numTensors - Object.keys(state).length;
    const backbone = open({ head: 3, freeze: 1 });
    const made = tf.memory().numTensors;
    tf.tidy(() => void backbone.forward(images(), { training: true }));
    tf.tidy(() => void gradients(backbone, images()));
    expect(tf.memory().numTensors).toBe(made);
    const again = createPretrainedBackbone(backbone.getConfig(), state);
    again.dispose();
    expect(() => open({ head: 0 })).toThrow(ConfigError);
    backbone.dispose();
    backbone.dispose();
    expect(() => tf.tidy(() => backbone.forward(images()))).toThrow('was disposed of');
    tf.dispose(state);
    expect(tf.memory().numTensors).toBe(before);
  });
});

/** A graph whose convolution is followed by factors and a bias, which the frozen part fuses. */
function scaledGraph(factor: number): GraphFiles {
  const { modelTopology } = tinyGraph();
  const { node } = modelTopology as { node: GraphNode[] };
  const kept = node.filter(({ name }) =>
    ['images', 'conv1', 'conv1/filters', 'conv1/bias', 'axes'].includes(name),
  );
  const float32 = { T: { type: 'DT_FLOAT' } };
  const values = [
    ...Array.from({ length: 27 }, (_, index) => Math.sin(index)),
    1,
    2,
    3,
    factor,
    factor,
    factor,
  ];
  const data = new Uint8Array(4 * values.length + 8);
  data.set(new Uint8Array(Float32Array.from(values).buffer));
  data.set(new Uint8Array(Int32Array.of(1, 2).buffer), 4 * values.length);
  return {
    modelTopology: {
      node: [
        { name: 'factors', op: 'Const' },
        ...kept.map((one) => (one.name === 'conv1' ? { ...one, input: ['images', 'conv1/filters'] } : one)),
        { name: 'scaled', op: 'Mul', input: ['conv1', 'factors'], attr: float32 },
        { name: 'shifted', op: 'BiasAdd', input: ['scaled', 'conv1/bias'], attr: float32 },
        {
          name: 'embedding',
          op: 'Mean',
          input: ['shifted', 'axes'],
          attr: { ...float32, keep_dims: { b: false } },
        },
      ],
    },
    weightSpecs: [
      { name: 'conv1/filters', shape: [3, 3, 1, 3], dtype: 'float32' },
      { name: 'conv1/bias', shape: [3], dtype: 'float32' },
      { name: 'factors', shape: [3], dtype: 'float32' },
      { name: 'axes', shape: [2], dtype: 'int32' },
    ],
    weightData: data.buffer,
  };
}

describeOnBackends('graphBackbone with fused convolutions', () => {
  it('uses the factors of a new state, and frees those of the old one', async () => {
    const before = tf.memory().numTensors;
    const [doubled, tripled] = [2, 3].map((factor) =>
      graphBackbone(scaledGraph(factor), { output: 'embedding' }),
    );
    const x = images();
    const state = tripled!.getState();
    const expected = await tripled!.forward(x).data();
    expect(await doubled!.forward(x).data()).not.toEqual(expected);
    doubled!.setState(state);
    expect(await doubled!.forward(x).data()).toEqual(expected);
    tf.dispose(state);
    for (const one of [doubled!, tripled!]) one.dispose();
    // The images and three results.
    expect(tf.memory().numTensors - before).toBe(4);
  });
});

describeOnBackends('graphBackbone with a bad option', () => {
  it.each([
    [{ output: 'embeding' }, /no node 'embeding'\. Did you mean 'embedding'\?/],
    [{ output: 'sum' }, /'sum' of graph has the shape \[1, 3, 3, 4\] .* expected one vector for each image/],
    [{ inputShape: [8, 6, 1] }, /inputShape is \[8, 6, 1\], but the graph takes images \[6, 6, 1\]/],
    [{ inputRange: [1, 1] }, /inputRange must be \[black, white\], two finite numbers that differ/],
    [{ freeze: 3 }, /freeze is 3, but the graph has 2 stages/],
    [{ freeze: -1 }, /freeze must be a whole number from 0/],
    [{ head: 1.5 }, /head must be a whole number from 1/],
  ] as const)('%j: says what is wrong', (options, message) => {
    expect(() => open(options as object)).toThrow(message);
  });

  it('rejects damaged graphs and images of another shape', () => {
    const { weightSpecs, ...files } = tinyGraph();
    expect(() =>
      graphBackbone({ ...files, weightSpecs: weightSpecs.slice(0, -1) }, { output: 'embedding' }),
    ).toThrow(DataError);
    expect(() =>
      graphBackbone({ ...files, weightSpecs, modelTopology: {} }, { output: 'embedding' }),
    ).toThrow('its topology has no list of nodes');
    const backbone = open();
    expect(() => backbone.forward(tf.zeros([2, 5, 6, 1]))).toThrow(ShapeError);
    backbone.dispose();
  });
});
