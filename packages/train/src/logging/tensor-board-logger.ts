import { type FileHandle, mkdir, open } from 'node:fs/promises';
import { hostname } from 'node:os';
import { join } from 'node:path';
import { checkNumber } from '@openset/core';
import type { TrainingEvent } from '../training/events.ts';
import type { Logger } from './logger.ts';
import { encodeRecord, type TensorBoardRecord } from './tfevents.ts';

/** Options of `tensorBoardLogger`. */
export interface TensorBoardOptions {
  /** Steps between two written steps; default 1. Epochs and evaluations are always written. */
  readonly everySteps?: number;
}

let files = 0;

/**
 * Returns a logger that writes TensorBoard event files: `train/loss`, `train/gradientNorm`, `train/learningRate`,
 * `train/threshold`, `train/imagesPerSecond`, `ranks/<rank>` (images per second of each), `epoch/loss`, `epoch/threshold` and `evaluation/<name>`. Each process writes
 * its own file. That of a resumed run makes TensorBoard discard earlier values of the repeated steps.
 * @param directory the log directory; created if missing
 * @throws ConfigError if `everySteps` is not a whole number of at least 1; at an event, what the file system throws
 */
export function tensorBoardLogger(directory: string, options: TensorBoardOptions = {}): Logger {
  const { everySteps = 1 } = options;
  checkNumber('tensorBoardLogger: everySteps', everySteps, { minimum: 1, integer: true });
  let file: FileHandle | undefined;
  const write = async (content: TensorBoardRecord['content'], step: number) => {
    await file?.appendFile(encodeRecord({ wallTime: Date.now() / 1000, step, content }));
  };
  return {
    async log(event) {
      if (event.kind === 'start') {
        await mkdir(directory, { recursive: true });
        // TensorBoard reads files in the order of their names, which start with the time.
        const seconds = String(Math.floor(Date.now() / 1000)).padStart(10, '0');
        const name = `events.out.tfevents.${seconds}.${hostname()}.${process.pid}.${files++}`;
        file = await open(join(directory, name), 'ax');
        await write({ kind: 'version' }, 0);
        await write({ kind: 'restart' }, event.step + 1);
      }
      if (event.kind === 'step' && event.step % everySteps !== 0) return;
      const values = toScalars(event);
      if (Object.keys(values).length > 0) await write({ kind: 'scalars', values }, event.step);
      if (event.kind === 'checkpoint') await file?.sync();
    },
    async close() {
      await file?.sync();
      await file?.close();
      file = undefined;
    },
  };
}

function toScalars(event: TrainingEvent): Record<string, number> {
  const numbers = (): Record<string, number | null> => {
    switch (event.kind) {
      case 'step': {
        const { loss, gradientNorm, learningRate, threshold, images, seconds } = event;
        return {
          'train/loss': loss,
          'train/gradientNorm': gradientNorm,
          'train/learningRate': learningRate,
          'train/threshold': threshold?.cosine ?? null,
          'train/imagesPerSecond': images / seconds,
        };
      }
      case 'ranks':
        return Object.fromEntries(event.imagesPerSecond.map((rate, rank) => [`ranks/${rank}`, rate]));
      case 'epoch':
        return { 'epoch/loss': event.loss, 'epoch/threshold': event.threshold?.cosine ?? null };
      case 'evaluation':
        return Object.fromEntries(
          Object.entries(event.values).map(([name, value]) => [`evaluation/${name}`, value]),
        );
      default:
        return {};
    }
  };
  const known = Object.entries(numbers()).filter((entry): entry is [string, number] => entry[1] !== null);
  return Object.fromEntries(known);
}
