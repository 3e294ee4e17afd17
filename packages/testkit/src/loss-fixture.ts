import {
  ConfigError,
  createLoss,
  DataError,
  type LossConfig,
  type LossContext,
  type LossDescriptor,
  type LossStep,
  type OpenSetLoss,
} from '@openset/core';
import * as tf from '@tensorflow/tfjs-core';
import { lossAndGradients, numericState } from './evaluate-loss.ts';
import { relativeError } from './relative-error.ts';

/** One case of a fixture file: inputs, and float64 results of the papers' official code. Arrays are flat and row-major. */
export interface LossFixture {
  /** Name of the case. */
  readonly name: string;
  /** Name of the loss: a key of `fixtures` in its descriptor. */
  readonly loss: string;
  /** Options, named as in the official code. */
  readonly config: Readonly<Record<string, number | string | boolean>>;
  /** Number of rows of the batch. */
  readonly batch: number;
  /** Number of values of an embedding. */
  readonly embeddingSize: number;
  /** Number of classes. */
  readonly numClasses: number;
  /** `batch · embeddingSize` values. */
  readonly embeddings: readonly number[];
  /** `batch` integers in `[0, numClasses)`. */
  readonly labels: readonly number[];
  /** Class weights before the step, row-major; other tensors of the state have fields of their names, as lists or single numbers. */
  readonly weight?: readonly number[];
  /** Bias before the step, one value or `numClasses`. */
  readonly bias?: readonly number[];
  /** Epoch of the step, counted from 0. */
  readonly epoch?: number;
  /** First epoch that scores samples against prototypes, counted from 1. */
  readonly startEpoch?: number;
  /** Classes that take part in the step; default: all. */
  readonly sampledClasses?: readonly number[];
  /** Expected mean loss of the batch. */
  readonly expectedLoss: number;
  /** Expected gradient of the embeddings, of their shape. */
  readonly gradEmbeddings: readonly number[];
  /** Expected gradient of the class weights, of their shape. */
  readonly gradWeight?: readonly number[];
  /** Expected gradient of the bias, of its shape. */
  readonly gradBias?: readonly number[];
  /** Gradient of the raw weights, where `gradWeight` is that of weights that were normalised in place. */
  readonly gradWeightThroughNormalization?: readonly number[];
  /** Expected losses of the samples. */
  readonly rowLosses?: readonly number[];
  /** `expectedLoss` without the floor that some official code puts under probabilities. */
  readonly expectedLossUnclipped?: number;
  /** `rowLosses` without that floor. */
  readonly rowLossesUnclipped?: readonly number[];
  /** Expected initial bias, where `bias` is missing. */
  readonly biasAfterInit?: readonly number[];
  /** Errors of a float32 run of the official code; the case is then compared row by row, with ten times these. */
  readonly float32Deviation?: Readonly<Record<string, number>>;
  /** State before the step, expected state `…After` the step, and values that `inspect` of the loss returns. */
  readonly [field: string]: unknown;
}

/** Result of one fixture case. */
export interface LossFixtureResult {
  /** Name of the case. */
  readonly name: string;
  /** Relative errors of the values that the case expects, by name; of whole numbers, how many differ. */
  readonly errors: Readonly<Record<string, number>>;
  /** Whether no error exceeds its tolerance: `fixtureTolerance`, or ten times `float32Deviation` and at least 1e-5. */
  readonly passed: boolean;
}

/** Largest relative error (see `relativeError`) that a float32 result may have against its float64 reference. */
export const fixtureTolerance = 1e-4;

/**
 * Returns the configuration of the loss of a fixture case.
 * @param descriptors descriptors of all losses that cases may name
 * @throws DataError if no descriptor has the loss of the case in its `fixtures`
 */
export function fixtureLossConfig(
  { loss, config, name, ...fixture }: LossFixture,
  descriptors: readonly LossDescriptor[],
): LossConfig {
  const descriptor = descriptors.find(({ fixtures = {} }) => Object.hasOwn(fixtures, loss));
  if (!descriptor) {
    const known = descriptors.flatMap(({ fixtures = {} }) => Object.keys(fixtures));
    throw new DataError(
      `The fixture case '${name}' has the unknown loss '${loss}'. Known losses: ${known.join(', ')}.`,
    );
  }
  const { numClasses, embeddingSize, startEpoch } = fixture;
  const { [loss]: optionsOf } = descriptor.fixtures as Required<LossDescriptor>['fixtures'];
  return {
    ...optionsOf?.(config),
    ...('startEpoch' in descriptor.options ? { startEpoch } : {}),
    numClasses,
    embeddingSize,
    loss: descriptor.name,
  };
}

/**
 * Returns the cases in the text of a fixture file, `{ "cases": [ … ] }`.
 * @throws DataError if the text is not JSON, or if a case lacks a field or has an array of the wrong length
 */
export function readLossFixtures(text: string): LossFixture[] {
  let parsed: unknown;
  try {
    parsed = JSON.parse(text);
  } catch (error) {
    throw new DataError(`The fixture file is not JSON: ${String(error)}.`);
  }
  const cases = (parsed as { cases?: unknown })?.cases;
  if (!Array.isArray(cases) || cases.length === 0) {
    throw new DataError("The fixture file has no cases: expected a list 'cases'.");
  }
  cases.forEach(checkFixture);
  return cases as LossFixture[];
}

function checkFixture(fixture: LossFixture, index: number): void {
  const { batch, embeddingSize } = fixture;
  const where = `Fixture case ${index} ('${fixture.name}')`;
  for (const key of [
    'name',
    'loss',
    'config',
    'batch',
    'embeddingSize',
    'numClasses',
    'expectedLoss',
  ] as const) {
    if (fixture[key] === undefined) throw new DataError(`${where} has no '${key}'.`);
  }
  const lengths: Record<string, number> = {
    embeddings: batch * embeddingSize,
    gradEmbeddings: batch * embeddingSize,
    labels: batch,
  };
  for (const [key, length] of Object.entries(lengths)) {
    const values = fixture[key] as readonly number[] | undefined;
    if (values?.length !== length) {
      throw new DataError(
        `${where} has ${values?.length ?? 'no'} values of '${key}', but its sizes require ${length}.`,
      );
    }
  }
}

/**
 * Runs one fixture case on the active backend, and compares the loss, the gradients, and the state after the step.
 * @param descriptors descriptors of all losses that cases may name
 * @throws DataError if no descriptor has the loss of the case, or if options or state do not fit this loss
 */
export async function runLossFixture(
  fixture: LossFixture,
  descriptors: readonly LossDescriptor[],
): Promise<LossFixtureResult> {
  const loss = createFixtureLoss(fixture, descriptors);
  const embeddings = tf.tensor2d([...fixture.embeddings], [fixture.batch, fixture.embeddingSize]);
  const labels = tf.tensor1d([...fixture.labels], 'int32');
  const sampledClasses = fixture.sampledClasses && tf.tensor1d([...fixture.sampledClasses], 'int32');
  try {
    const started = await numericState(loss);
    setFixtureState(loss, fixture);
    const context = {
      ...(fixture.epoch === undefined ? {} : { epoch: fixture.epoch }),
      ...(sampledClasses && { sampledClasses }),
    };
    const inspected = (await loss.inspect?.(embeddings, labels, context)) ?? {};
    const scored = withOtherMemory(loss, fixture);
    const actual = await lossAndGradients(scored, embeddings, labels, { context, commit: true });
    const after = await numericState(loss);
    const gradients = Object.fromEntries(
      loss.trainable.map((variable, index) => [variable.name.split('/').at(-1), actual.trainable[index]]),
    ) as Record<string, Float32Array>;
    const biasAfterInit = fixture.bias === undefined && started.bias ? started.bias : after.bias;
    const comparisons: Record<string, [ArrayLike<number> | undefined, unknown]> = {
      loss: [[actual.loss], fixture.expectedLossUnclipped ?? fixture.expectedLoss],
      rowLosses: [actual.rowLosses ?? undefined, fixture.rowLossesUnclipped ?? fixture.rowLosses],
      gradEmbeddings: [actual.embeddings, fixture.gradEmbeddings],
      gradWeight: [gradients.weight, fixture.gradWeightThroughNormalization ?? fixture.gradWeight],
      gradBias: [gradients.bias, fixture.gradBias],
      biasAfterInit: [biasAfterInit, fixture.biasAfterInit],
      ...Object.fromEntries(
        Object.entries(after).map(([key, value]) => [`${key}After`, [value, fixture[`${key}After`]]]),
      ),
      ...Object.fromEntries(Object.entries(inspected).map(([key, value]) => [key, [value, fixture[key]]])),
    };
    // The stored weights of some official code are normalised in place. Here they stay, and the direction counts.
    if (fixture.gradWeightThroughNormalization) delete comparisons.weightAfter;
    return compareAll(fixture, comparisons);
  } finally {
    loss.dispose();
    tf.dispose([embeddings, labels, sampledClasses ?? []]);
  }
}

/** A loss that can remember other embeddings than those it scores. */
interface RemembersOthers extends OpenSetLoss {
  forwardWithMemory(
    embeddings: tf.Tensor2D,
    labels: tf.Tensor,
    remembered: tf.Tensor2D,
    context?: LossContext,
  ): LossStep;
}

/** Returns the loss; for a case with `memoryEmbeddings`, one that remembers these. */
function withOtherMemory(
  loss: OpenSetLoss,
  { name, memoryEmbeddings, batch, embeddingSize }: LossFixture,
): OpenSetLoss {
  if (memoryEmbeddings === undefined) return loss;
  if (!('forwardWithMemory' in loss)) {
    throw new DataError(
      `Fixture case '${name}' has memoryEmbeddings, but ${loss.name} has no forwardWithMemory.`,
    );
  }
  const forward: OpenSetLoss['forward'] = (embeddings, labels, context) =>
    tf.tidy(() => {
      const remembered = tf.tensor2d(listOf(memoryEmbeddings), [batch, embeddingSize]);
      const step = (loss as RemembersOthers).forwardWithMemory(embeddings, labels, remembered, context);
      tf.keep(step.loss);
      return step as never;
    });
  return Object.create(loss, { forward: { value: forward } }) as OpenSetLoss;
}

/** Fields of a case whose values are whole numbers, which must be equal. */
function areWhole(values: readonly number[], key: string): boolean {
  return (
    !/^(loss|rowLosses|grad|bias|marginScaler)/.test(key) &&
    values.every(Number.isInteger) &&
    values.length > 0
  );
}

function compareAll(
  { name, float32Deviation, batch, ...fixture }: LossFixture,
  comparisons: Readonly<Record<string, [ArrayLike<number> | undefined, unknown]>>,
): LossFixtureResult {
  const errors: Record<string, number> = {};
  let passed = true;
  for (const [key, [found, field]] of Object.entries(comparisons)) {
    if (field === undefined) continue;
    const expected = listOf(field);
    if (areWhole(expected, key)) {
      errors[key] = differences(found ?? [], expected);
      passed &&= errors[key] === 0;
    } else {
      const size = key === 'gradEmbeddings' || key === 'gradWeight' ? fixture.embeddingSize : 1;
      errors[key] = float32Deviation
        ? rowError(found ?? [], expected, size)
        : relativeError(found ?? [], expected);
      passed &&= errors[key] <= tolerance(key, float32Deviation);
    }
  }
  return { name, errors, passed };
}

function tolerance(key: string, deviation: LossFixture['float32Deviation']): number {
  if (!deviation) return fixtureTolerance;
  // The loss of one sample deviates as its gradient does; the deviation of the loss is that of the mean.
  const own =
    key === 'rowLosses' ? Math.max(deviation.loss ?? 0, deviation.gradEmbeddings ?? 0) : deviation[key];
  return Math.max(1e-5, 10 * (own ?? 0));
}

/** Returns how many numbers differ. */
function differences(found: ArrayLike<number>, expected: readonly number[]): number {
  if (found.length !== expected.length) return Math.max(found.length, expected.length);
  return expected.filter((value, index) => found[index] !== value).length;
}

/**
 * Returns the largest error of a row: its largest difference over its largest magnitude, which counts as at least 1e-4 of the
 * largest of all.
 */
function rowError(found: ArrayLike<number>, expected: readonly number[], size: number): number {
  if (found.length !== expected.length) return Number.POSITIVE_INFINITY;
  const largest = expected.reduce((top, value) => Math.max(top, Math.abs(value)), 0);
  let worst = 0;
  for (let start = 0; start < expected.length; start += size) {
    let [difference, magnitude] = [0, 0];
    for (let index = start; index < start + size; index++) {
      const here = Math.abs(found[index]! - expected[index]!);
      if (Number.isNaN(here)) return Number.POSITIVE_INFINITY;
      difference = Math.max(difference, here);
      magnitude = Math.max(magnitude, Math.abs(expected[index]!));
    }
    worst = Math.max(worst, difference / Math.max(magnitude, 1e-4 * largest, Number.MIN_VALUE));
  }
  return worst;
}

function listOf(field: unknown): number[] {
  return [field].flat().map(Number);
}

function createFixtureLoss(fixture: LossFixture, descriptors: readonly LossDescriptor[]): OpenSetLoss {
  try {
    return createLoss(fixtureLossConfig(fixture, descriptors), descriptors);
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    throw new DataError(`Fixture case '${fixture.name}': ${error.message}`, { cause: error });
  }
}

/** Sets the state of a case. A bias that the case gives only as `biasAfterInit` keeps its initial value. */
function setFixtureState(loss: OpenSetLoss, fixture: LossFixture): void {
  const before = loss.getState();
  const state: tf.NamedTensorMap = {};
  try {
    for (const [name, tensor] of Object.entries(before)) {
      if (name === 'bias' && fixture.bias === undefined && fixture.biasAfterInit !== undefined) {
        state[name] = tf.clone(tensor);
        continue;
      }
      const values = fixture[name] === undefined ? [] : listOf(fixture[name]);
      if (values.length !== tensor.size) {
        throw new DataError(
          `Fixture case '${fixture.name}' has ${values.length || 'no'} values of '${name}', but ${loss.name} needs ${tensor.size}.`,
        );
      }
      state[name] = tf.tensor(values, tensor.shape, tensor.dtype);
    }
    loss.setState(state);
  } finally {
    tf.dispose([before, state]);
  }
}
