import { DataError, type LossConfig, type OpenSetLoss } from '@openset/core';
import * as tf from '@tensorflow/tfjs-core';
import { lossAndGradients, numericState } from './evaluate-loss.ts';
import { relativeError } from './relative-error.ts';

/** One case of a `losses.json` file: inputs and float64 results of the papers' official code. */
export interface LossFixture {
  readonly name: string;
  /** Which loss: a key of the table in `lossOfFixture`. */
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

/** Makers of losses by class name: `{ CosFaceLoss, UssLoss, … }`. */
export type LossConstructors = Readonly<Record<string, new (options: never) => OpenSetLoss>>;

/** Relative, norm-wise, in float32. */
export const fixtureTolerance = 1e-4;

const eplUpdates = { softsign: 'softsign', sigmoid: 'sigmoid-shifted', direct: 'replace' } as const;
const arcFaceModes = {
  characteristic_gradient_detachment: { gradient: 'detached', branch: 'none' },
  easy_margin: { gradient: 'exact', branch: 'easy' },
  none: { gradient: 'exact', branch: 'none' },
} as const;

/**
 * Which loss with which options a case is about, as the config of that loss.
 * @throws DataError for a loss or a setting that is not known
 */
export function lossOfFixture({ loss, config, name, ...fixture }: LossFixture): LossConfig {
  const { scale, margin, empiricalMargin, update = 'softsign', mode } = config;
  const { numClasses, embeddingSize, startEpoch } = fixture;
  const shared = { numClasses, embeddingSize, scale, margin };
  const simple: Record<string, string> = {
    'normalized-softmax': 'CosFaceLoss',
    'bce-diverse': 'BceDiverseLoss',
    'bce-unified': 'BceUnifiedLoss',
    's2s-softmax': 'SampleToSampleSoftmaxLoss',
    's2s-bce': 'SampleToSampleBceLoss',
    uss: 'UssLoss',
  };
  if (simple[loss]) return { loss: simple[loss], ...shared };
  const base = /^epl-(cosface|arcface|uniface)$/.exec(loss)?.[1];
  if (!base) {
    const known = [...Object.keys(simple), 'epl-cosface', 'epl-arcface', 'epl-uniface'].join(', ');
    throw new DataError(`Case '${name}' is about the loss '${loss}'; known are ${known}.`);
  }
  const prototypeUpdate = eplUpdates[update as keyof typeof eplUpdates];
  const arcFace = arcFaceModes[(mode ?? 'characteristic_gradient_detachment') as keyof typeof arcFaceModes];
  if (!prototypeUpdate || !arcFace) {
    throw new DataError(`Case '${name}' has an unknown update '${update}' or mode '${mode}'.`);
  }
  const options = {
    base,
    empiricalMargin,
    prototypeUpdate,
    ...(startEpoch === undefined ? {} : { startEpoch }),
  };
  return { loss: 'EplLoss', ...shared, ...options, ...(base === 'arcface' ? arcFace : {}) };
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
 * @param makers must hold the class that `lossOfFixture` names
 * @throws DataError if a maker is missing or the case does not fit
 */
export async function runLossFixture(
  fixture: LossFixture,
  makers: LossConstructors,
): Promise<LossFixtureResult> {
  const config = lossOfFixture(fixture);
  const Loss = makers[config.loss];
  if (!Loss) throw new DataError(`Case '${fixture.name}' needs ${config.loss}, which was not given.`);
  const loss = new Loss(config as never);
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
