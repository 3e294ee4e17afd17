import {
  ConfigError,
  createLoss,
  DataError,
  type LossConfig,
  type LossDescriptor,
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
  readonly config: Readonly<Record<string, number | string>>;
  readonly batch: number;
  readonly embeddingSize: number;
  readonly numClasses: number;
  /** `batch · embeddingSize` values. */
  readonly embeddings: readonly number[];
  /** `batch` integers in `[0, numClasses)`. */
  readonly labels: readonly number[];
  /** State before the step. The tensors of a bank have `numClasses · embeddingSize` values. */
  readonly weight?: readonly number[];
  readonly bias?: readonly number[];
  readonly featureMemory?: readonly number[];
  readonly empiricalPrototypes?: readonly number[];
  /** Epoch of the step, counted from 0. */
  readonly epoch?: number;
  /** First epoch that scores samples against prototypes, counted from 1. */
  readonly startEpoch?: number;
  /** Expected mean loss of the batch, and its gradients. */
  readonly expectedLoss: number;
  readonly gradEmbeddings: readonly number[];
  readonly gradWeight?: readonly number[];
  readonly gradBias?: readonly number[];
  /** Expected state after the step. */
  readonly biasAfterInit?: readonly number[];
  readonly empiricalPrototypesAfter?: readonly number[];
}

/** Result of one fixture case. */
export interface LossFixtureResult {
  /** Name of the case. */
  readonly name: string;
  /** Relative errors of the values that the case expects: `loss`, `gradEmbeddings`, `gradWeight`, `gradBias`, `biasAfterInit`, `empiricalPrototypesAfter`. */
  readonly errors: Readonly<Record<string, number>>;
  /** Whether no error exceeds `fixtureTolerance`. */
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
  const { batch, embeddingSize, numClasses } = fixture;
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
    ...Object.fromEntries(
      ['weight', 'gradWeight', 'featureMemory', 'empiricalPrototypes', 'empiricalPrototypesAfter'].map(
        (key) => [key, numClasses * embeddingSize],
      ),
    ),
  };
  const required = new Set(['embeddings', 'gradEmbeddings', 'labels']);
  for (const [key, length] of Object.entries(lengths)) {
    const values = fixture[key as keyof LossFixture] as readonly number[] | undefined;
    if (values === undefined && !required.has(key)) continue;
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
  try {
    setFixtureState(loss, fixture);
    const context = fixture.epoch === undefined ? undefined : { epoch: fixture.epoch };
    const actual = await lossAndGradients(loss, embeddings, labels, { context, commit: true });
    const after = await numericState(loss);
    const gradients = Object.fromEntries(
      loss.trainable.map((variable, index) => [variable.name.split('/').at(-1), actual.trainable[index]]),
    ) as Record<string, Float32Array>;
    const comparisons: [string, ArrayLike<number> | undefined, ArrayLike<number> | undefined][] = [
      ['loss', [actual.loss], [fixture.expectedLoss]],
      ['gradEmbeddings', actual.embeddings, fixture.gradEmbeddings],
      ['gradWeight', gradients.weight, fixture.gradWeight],
      ['gradBias', gradients.bias, fixture.gradBias],
      ['biasAfterInit', after.bias, fixture.biasAfterInit],
      ['empiricalPrototypesAfter', after.empiricalPrototypes, fixture.empiricalPrototypesAfter],
    ];
    const errors: Record<string, number> = {};
    for (const [key, found, expected] of comparisons) {
      if (expected) errors[key] = relativeError(found ?? [], expected);
    }
    const passed = Object.values(errors).every((error) => error <= fixtureTolerance);
    return { name: fixture.name, errors, passed };
  } finally {
    loss.dispose();
    tf.dispose([embeddings, labels]);
  }
}

function createFixtureLoss(fixture: LossFixture, descriptors: readonly LossDescriptor[]): OpenSetLoss {
  try {
    return createLoss(fixtureLossConfig(fixture, descriptors), descriptors);
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    throw new DataError(`Fixture case '${fixture.name}': ${error.message}`, { cause: error });
  }
}

function setFixtureState(loss: OpenSetLoss, fixture: LossFixture): void {
  const before = loss.getState();
  const state: tf.NamedTensorMap = {};
  try {
    for (const [name, tensor] of Object.entries(before)) {
      const values = fixture[name as keyof LossFixture] as readonly number[] | undefined;
      if (values?.length !== tensor.size) {
        throw new DataError(
          `Fixture case '${fixture.name}' has ${values?.length ?? 'no'} values of '${name}', but ${loss.name} needs ${tensor.size}.`,
        );
      }
      state[name] = tf.tensor([...values], tensor.shape, tensor.dtype);
    }
    loss.setState(state);
  } finally {
    tf.dispose([before, state]);
  }
}
