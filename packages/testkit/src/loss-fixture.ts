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

/** One case of a `losses.json` file: inputs and float64 results of the papers' official code. */
export interface LossFixture {
  readonly name: string;
  /** Which loss: a key of `fixtures` in its descriptor. */
  readonly loss: string;
  readonly config: Readonly<Record<string, number | string>>;
  readonly batch: number;
  readonly embeddingSize: number;
  readonly numClasses: number;
  /** Flat and row-major, like all arrays here. */
  readonly embeddings: readonly number[];
  readonly labels: readonly number[];
  readonly weight?: readonly number[];
  readonly bias?: readonly number[];
  readonly featureMemory?: readonly number[];
  readonly empiricalPrototypes?: readonly number[];
  /** Counted from 0. */
  readonly epoch?: number;
  /** First epoch in which the prototypes count, counted from 1. */
  readonly startEpoch?: number;
  readonly expectedLoss: number;
  readonly gradEmbeddings: readonly number[];
  readonly gradWeight?: readonly number[];
  readonly gradBias?: readonly number[];
  readonly biasAfterInit?: readonly number[];
  readonly empiricalPrototypesAfter?: readonly number[];
}

/** Relative errors of one case, by name of what was compared. */
export interface LossFixtureResult {
  readonly name: string;
  /** `loss`, `gradEmbeddings`, `gradWeight`, `gradBias`, `biasAfterInit`, `empiricalPrototypesAfter`. */
  readonly errors: Readonly<Record<string, number>>;
  readonly passed: boolean;
}

/** Relative, norm-wise, in float32. */
export const fixtureTolerance = 1e-4;

/**
 * Returns the configuration of the loss that a case is about.
 * @param descriptors of the losses among which its name is looked up
 * @throws DataError if none of them has this name in its `fixtures`
 */
export function lossOfFixture(
  { loss, config, name, ...fixture }: LossFixture,
  descriptors: readonly LossDescriptor[],
): LossConfig {
  const descriptor = descriptors.find(({ fixtures = {} }) => Object.hasOwn(fixtures, loss));
  if (!descriptor) {
    const known = descriptors.flatMap(({ fixtures = {} }) => Object.keys(fixtures));
    throw new DataError(`Case '${name}' is about the loss '${loss}'; known are ${known.join(', ')}.`);
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
 * Reads the text of a fixture file.
 * @throws DataError if it is not JSON, or a case lacks a field or has an array of the wrong length
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
    throw new DataError("The fixture file has no 'cases': a non-empty list is expected.");
  }
  cases.forEach(checkFixture);
  return cases as LossFixture[];
}

function checkFixture(fixture: LossFixture, index: number): void {
  const { batch, embeddingSize, numClasses } = fixture;
  const where = `case ${index} ('${fixture.name}')`;
  for (const key of [
    'name',
    'loss',
    'config',
    'batch',
    'embeddingSize',
    'numClasses',
    'expectedLoss',
  ] as const) {
    if (fixture[key] === undefined) throw new DataError(`The fixture's ${where} lacks '${key}'.`);
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
        `The fixture's ${where} has ${values?.length ?? 'no'} values of '${key}', not ${length}.`,
      );
    }
  }
}

/**
 * Runs one case through the public API on the active backend: loss, every gradient, and the state afterwards.
 * @param descriptors of the losses that cases may be about
 * @throws DataError if there is none for the case, or the case does not fit
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
    return createLoss(lossOfFixture(fixture, descriptors), descriptors);
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    throw new DataError(`Case '${fixture.name}': ${error.message}`, { cause: error });
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
          `Case '${fixture.name}' has ${values?.length ?? 'no'} values of '${name}', but ${loss.name} needs ${tensor.size}.`,
        );
      }
      state[name] = tf.tensor([...values], tensor.shape, tensor.dtype);
    }
    loss.setState(state);
  } finally {
    tf.dispose([before, state]);
  }
}
