import {
  type Backbone,
  ConfigError,
  DataError,
  decodeState,
  encodeState,
  type OpenSetLoss,
  type RowRange,
  shardOf,
} from '@openset/core';
import * as tf from '@tensorflow/tfjs-core';
import type { TrainingOptimizer } from '../optimizers/training-optimizer.ts';
import type { Progress } from '../training/progress.ts';
import type { WeightAverage } from '../training/weight-average.ts';
import type { Checkpoint, CheckpointInfo, OptionChange, RunSettings } from './checkpoint.ts';
import { optionChanges } from './option-changes.ts';
import { rowsOfLoss } from './run-shards.ts';
import { encodeRows } from './tensor-rows.ts';

/** Everything that a run changes, and its settings. */
export interface RunState {
  readonly backbone: Backbone;
  readonly loss: OpenSetLoss;
  readonly optimizer: TrainingOptimizer;
  readonly average: WeightAverage | null;
  readonly settings: RunSettings;
}

/** Returns the trained variables in the order of the optimizer's state. */
export function trainedVariables({ backbone, loss }: Pick<RunState, 'backbone' | 'loss'>): tf.Variable[] {
  return [...backbone.trainable, ...loss.trainable];
}

/** Returns a checkpoint of a run: whole tensors in `files`, and rows of sharded ones in `rows`. */
export async function captureRun(run: RunState, progress: Progress): Promise<Checkpoint> {
  const { backbone, loss, optimizer, average } = run;
  const rowsOf = rowsOfLoss(loss);
  const files: Record<string, Uint8Array> = {};
  const rows: Record<string, Uint8Array> = {};
  const add = async (name: string, state: tf.NamedTensorMap) => {
    const file = `${name}.safetensors`;
    const whole: tf.NamedTensorMap = {};
    const sharded: tf.NamedTensorMap = {};
    const places: Record<string, RowRange> = {};
    for (const [key, tensor] of Object.entries(state)) {
      const place = rowsOf(file, key);
      if (place) places[key] = place;
      (place ? sharded : whole)[key] = tensor;
    }
    try {
      files[file] = await encodeState(whole);
      if (Object.keys(places).length > 0) rows[file] = await encodeState(sharded, encodeRows(places));
    } finally {
      tf.dispose(state);
    }
  };
  await add('backbone', backbone.getState());
  await add('loss', loss.getState());
  await add('optimizer', optimizer.getState(nameVariables(run)));
  if (average && !average.isEmpty) {
    await average.use(async () => {
      await add('averaged-backbone', backbone.getState());
      await add('averaged-loss', loss.getState());
    });
  }
  const checkpoint = { info: { ...describeRun(run), progress }, files };
  return Object.keys(rows).length > 0 ? { ...checkpoint, rows } : checkpoint;
}

/** Returns files with what all ranks of a run must have alike. Sharded tensors are not among it. */
export async function captureShared(run: RunState): Promise<Checkpoint['files']> {
  const { backbone, loss, optimizer } = run;
  const isShared = ([, variable]: [string, tf.Variable]) => shardOf(variable) === null;
  const memory = loss.memory.map((variable, index): [string, tf.Variable] => [`memory.${index}`, variable]);
  const named = Object.entries(nameVariables(run)).filter(isShared);
  const ofLoss = [...named.filter(([name]) => name.startsWith('loss.')), ...memory.filter(isShared)];
  const copies = ofLoss.map(([name, variable]) => [name, tf.clone(variable)]);
  return {
    'backbone.safetensors': await encode(backbone.getState()),
    'loss.safetensors': await encode(Object.fromEntries(copies)),
    'optimizer.safetensors': await encode(optimizer.getState(Object.fromEntries(named))),
  };
}

/**
 * Restores a run from a checkpoint.
 * @returns its progress, and the options that have changed since
 * @throws ConfigError if backbone, loss or optimizer are of another kind; DataError or ShapeError if tensors are missing
 *   or have another shape
 */
export function restoreRun(
  run: RunState,
  { info, files }: Checkpoint,
): { progress: Progress; changes: readonly OptionChange[] } {
  const { backbone, loss, optimizer, average } = run;
  if (info.format !== 1)
    throw new DataError(`This checkpoint has the format ${info.format}, but only format 1 is supported.`);
  const present = describeRun(run);
  checkKind('backbone', info.backbone.backbone, present.backbone.backbone);
  checkKind('loss', info.loss.loss, present.loss.loss);
  checkKind('optimizer', info.optimizer.name, present.optimizer.name);
  if (average && files['averaged-backbone.safetensors']) {
    loadState(files, 'averaged-backbone', (state) => backbone.setState(state));
    loadState(files, 'averaged-loss', (state) => loss.setState(state));
    average.restart(trainedVariables(run));
  }
  loadState(files, 'backbone', (state) => backbone.setState(state));
  loadState(files, 'loss', (state) => loss.setState(state));
  loadState(files, 'optimizer', (state) => optimizer.setState(state, nameVariables(run)));
  const { progress, ...before } = info;
  return { progress, changes: optionChanges(before, present) };
}

/** Estimates the size of a checkpoint in bytes, of all ranks together and with all slots of the optimizer. */
export function checkpointBytes(run: RunState): number {
  const states = run.average ? 2 : 1;
  const snapshot = disposeAndCountBytes(run.backbone.getState()) + disposeAndCountBytes(run.loss.getState());
  const trained = 4 * trainedVariables(run).reduce((sum, variable) => sum + wholeSize(variable), 0);
  // File headers and checkpoint.json.
  const overhead = 1 << 20;
  const { slotNames, anchoredSize } = run.optimizer;
  return states * snapshot + slotNames.length * trained + 4 * anchoredSize + overhead;
}

/** Returns the number of values of a tensor on all ranks together. */
function wholeSize(tensor: tf.Tensor): number {
  const rows = shardOf(tensor);
  return rows ? (tensor.size / rows.count) * rows.total : tensor.size;
}

/** Names variables by position: the names that tfjs gives differ between processes. */
function nameVariables({ backbone, loss }: RunState): Record<string, tf.Variable> {
  return Object.fromEntries([
    ...backbone.trainable.map((variable, index) => [`backbone.${index}`, variable] as const),
    ...loss.trainable.map((variable, index) => [`loss.${index}`, variable] as const),
  ]);
}

function describeRun(run: RunState): Omit<CheckpointInfo, 'progress'> {
  const { backbone, loss, optimizer, settings } = run;
  const { learningRate, ...options } = optimizer.getConfig();
  return {
    format: 1,
    settings,
    backbone: backbone.getConfig(),
    loss: loss.getConfig(),
    // Without the learning rate: the schedule sets it in every step.
    optimizer: { name: optimizer.getClassName(), options },
  };
}

function checkKind(part: 'backbone' | 'loss' | 'optimizer', before: string, now: string): void {
  if (before === now) return;
  throw new ConfigError(
    `The checkpoint belongs to another run: its ${part} is ${before}, but this run's is ${now}. Use the same ${part}, or ` +
      'start a new run with another store.',
  );
}

async function encode(state: tf.NamedTensorMap): Promise<Uint8Array> {
  try {
    return await encodeState(state);
  } finally {
    tf.dispose(state);
  }
}

function loadState(
  files: Checkpoint['files'],
  name: string,
  restore: (state: tf.NamedTensorMap) => void,
): void {
  const bytes = files[`${name}.safetensors`];
  if (!bytes) throw new DataError(`The checkpoint lacks ${name}.safetensors.`);
  const state = decodeState(bytes);
  try {
    restore(state);
  } finally {
    tf.dispose(state);
  }
}

function disposeAndCountBytes(state: tf.NamedTensorMap): number {
  const bytes = Object.values(state).reduce((sum, tensor) => sum + 4 * wholeSize(tensor), 0);
  tf.dispose(state);
  return bytes;
}
