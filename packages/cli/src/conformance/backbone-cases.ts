import {
  flipSum,
  loadPyTorchState,
  lresnetIR,
  type NetworkBackbone,
  toPyTorchState,
} from '@openset/backbones';
import { ConfigError, DataError } from '@openset/core';
import { relativeError } from '@openset/testkit';
import * as tf from '@tensorflow/tfjs-core';
import { type BackboneFixture, readBackboneFixtures } from './backbone-fixture.ts';
import { crossKink, findKinks } from './prelu-kinks.ts';

/** Result of one network. */
export interface BackboneResult {
  /** Name, such as `networks[0] LResNetE-IR 2-2-2-2, 3×112×112`. */
  readonly name: string;
  /** Relative errors: norm-wise for vectors, the largest over all parameters for `gradL2`. */
  readonly errors: Readonly<Record<string, number>>;
  readonly passed: boolean;
  /** Remark on the result. */
  readonly note?: string;
}

/** Largest relative error that passes: float32 rounding through dozens of layers. */
export const backboneTolerance = 1e-3;

/** Inputs of a PReLU with a magnitude up to this can have the wrong sign in float32 after dozens of layers. */
const kinkLimit = 5e-6;

/**
 * Returns one function for each network of a `backbone.json` file, which runs it on the active backend.
 * @throws DataError if the text has another format; the functions throw DataError if the numbers of a case do not fit
 */
export function backboneCases(text: string): (() => Promise<BackboneResult>)[] {
  return readBackboneFixtures(text).map((fixture, index) => async () => {
    const { layers, inputShapeNCHW: shape } = fixture;
    const name = `networks[${index}] LResNetE-IR ${layers.join('-')}, ${shape.slice(1).join('×')}`;
    try {
      const { crossed, ...errors } = await compare(fixture);
      const passed = Object.values(errors).every((error) => error <= backboneTolerance);
      if (crossed === 0) return { name, errors, passed };
      const inputs = crossed === 1 ? '1 PReLU input' : `${crossed} PReLU inputs`;
      return {
        name,
        errors,
        passed,
        note: `${inputs} within ${kinkLimit.toExponential(0)} of 0 taken on the other side`,
      };
    } catch (error) {
      // These errors come from the file: it does not fit its own network.
      if (!(error instanceof ConfigError || error instanceof DataError)) throw error;
      throw new DataError(`networks[${index}]: ${error.message}`, { cause: error });
    }
  });
}

type Errors = { crossed: number } & Record<string, number>;

async function compare(fixture: BackboneFixture): Promise<Errors> {
  const { inputShapeNCHW: shape, evalFlipSum, train } = fixture;
  const [batch, channels, height, width] = shape;
  const backbone = lresnetIR({
    blocks: fixture.layers,
    inputSize: [height, width],
    channels,
    embeddingSize: evalFlipSum.length / batch,
    dropout: 0,
  });
  try {
    loadPyTorchState(backbone, await fixtureState(backbone, fixture.parameterOrder));
    const sum = tf.tidy(() => flipSum(backbone, fixtureImages(fixture.inputSeedIndex, shape)));
    const errors = { evalFlipSum: relativeError(await sum.data(), evalFlipSum) };
    sum.dispose();
    return train ? { ...errors, ...(await compareTraining(backbone, train)) } : { ...errors, crossed: 0 };
  } finally {
    backbone.dispose();
  }
}

type Training = NonNullable<BackboneFixture['train']>;

/**
 * Returns the errors of a training pass. The slope of a PReLU jumps at 0. If an input rounds to the other side of 0 than in
 * the reference, its gradient differs by more than rounding. So if only gradients are off, the inputs nearest to 0 are moved
 * to the other side one at a time, by changing a bias by a few millionths. Moves that reduce the error are kept.
 */
async function compareTraining(backbone: NetworkBackbone, train: Training): Promise<Errors> {
  const images = fixtureImages(train.inputSeedIndex, train.inputShapeNCHW);
  const worst = ({ gradL2, gradConv1Weight }: TrainingErrors) => Math.max(gradL2, gradConv1Weight);
  let errors = await trainingErrors(backbone, images, train);
  let crossed = 0;
  const isForwardRight = Math.max(errors.features, errors.loss) <= backboneTolerance;
  if (isForwardRight && worst(errors) > backboneTolerance && worst(errors) < 0.1) {
    for (const kink of await findKinks(backbone, images, { limit: kinkLimit, maximum: 100 })) {
      const undo = await crossKink(kink);
      const tried = await trainingErrors(backbone, images, train);
      if (worst(tried) < worst(errors)) {
        errors = tried;
        crossed++;
      } else undo();
      if (worst(errors) <= backboneTolerance) break;
    }
  }
  images.dispose();
  return { ...errors, crossed };
}

interface TrainingErrors {
  readonly features: number;
  readonly loss: number;
  readonly gradL2: number;
  readonly gradConv1Weight: number;
}

async function trainingErrors(
  backbone: NetworkBackbone,
  images: tf.Tensor4D,
  train: Training,
): Promise<TrainingErrors> {
  const [loss, features, gradients] = tf.tidy(() => {
    const coefficients = tf.tensor2d(uniformNumbers(train.coefficientSeedIndex, train.features.length), [
      images.shape[0],
      backbone.embeddingSize,
    ]);
    let features: tf.Tensor | undefined;
    const { value, grads } = tf.variableGrads(() => {
      features = tf.keep(backbone.forward(images, { training: true }));
      return tf.sum(tf.mul(features, coefficients)) as tf.Scalar;
    }, [...backbone.trainable]);
    return [value, features!, grads];
  });
  const byName: Record<string, Float32Array> = {};
  for (const { name, variable } of backbone.weights) {
    const gradient = gradients[variable.name];
    if (gradient) byName[name] = await gradient.data<'float32'>();
  }
  const filter = gradients[backbone.trainable[0]!.name] as tf.Tensor4D;
  const conv1 = tf.transpose(filter, [3, 2, 0, 1]);
  const errors = {
    features: relativeError(await features.data(), train.features),
    loss: relativeError(await loss.data(), [train.loss]),
    gradL2: worstNormError(byName, train.gradL2),
    gradConv1Weight: relativeError(await conv1.data(), train.gradConv1Weight),
  };
  tf.dispose([loss, features, gradients, conv1]);
  return errors;
}

/**
 * Returns the largest relative error of the gradient norms. Some gradients are 0 in exact arithmetic, such as those of a
 * bias before a batch norm. Float32 rounding leaves up to 4e-9 of the whole gradient there, in PyTorch too. So errors are
 * relative to at least 1e-5 of the norm of the whole gradient.
 */
function worstNormError(
  found: Readonly<Record<string, Float32Array>>,
  expected: Readonly<Record<string, number>>,
): number {
  const whole = Math.hypot(...Object.values(expected));
  const [names, expectedNames] = [Object.keys(found).sort(), Object.keys(expected).sort()];
  if (names.join() !== expectedNames.join()) {
    throw new DataError(`gradL2 must have the parameters ${names.join(', ')}.`);
  }
  const errors = names.map((name) => {
    const norm = Math.sqrt(found[name]!.reduce((sum, value) => sum + value * value, 0));
    return Math.abs(norm - expected[name]!) / Math.max(expected[name]!, 1e-5 * whole);
  });
  return Math.max(...errors.map((error) => (Number.isNaN(error) ? Number.POSITIVE_INFINITY : error)));
}

/** Returns the state of a network in the authors' layout. The fixture's formula computes values from the parameter's index. */
export async function fixtureState(
  backbone: NetworkBackbone,
  order: readonly string[],
): Promise<Record<string, { shape: readonly number[]; data: Float32Array }>> {
  const own = await toPyTorchState(backbone);
  const entries = order.map((name, index) => {
    const { shape } = own[name] ?? { shape: [] };
    const size = shape.reduce((product, length) => product * length, 1);
    const limit = Math.sqrt(3 / shape.slice(1).reduce((product, length) => product * length, 1));
    const values = uniformNumbers(index, size);
    const [start, spread] = shape.length > 1 ? [0, limit] : rangeOf(name);
    return [name, { shape, data: values.map((value) => start + spread * value) }] as const;
  });
  return Object.fromEntries(entries);
}

function rangeOf(name: string): [start: number, spread: number] {
  if (name.endsWith('running_var')) return [1, 0.2];
  if (name.endsWith('running_mean') || name.endsWith('bias')) return [0, 0.1];
  return name.endsWith('prelu.weight') ? [0.25, 0.05] : [1, 0.1];
}

/** Returns images `[batch, height, width, channels]` from the fixture's generator, which works channels first. */
export function fixtureImages(
  seedIndex: number,
  shape: readonly [number, number, number, number],
): tf.Tensor4D {
  const size = shape.reduce((product, length) => product * length, 1);
  return tf.tidy(() => tf.transpose(tf.tensor4d(uniformNumbers(seedIndex, size), [...shape]), [0, 2, 3, 1]));
}

/** Returns numbers in [−1, 1) from the fixture's linear congruential generator. */
function uniformNumbers(seedIndex: number, size: number): Float32Array {
  let state = Math.imul(seedIndex + 1, 2654435761);
  const values = new Float32Array(size);
  for (let index = 0; index < size; index++) {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    values[index] = state / 2 ** 31 - 1;
  }
  return values;
}
