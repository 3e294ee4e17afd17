import * as tf from '@tensorflow/tfjs-core';
import { NonFiniteError } from './errors.ts';

/** One micro-batch of a step. */
export interface StepPart {
  readonly loss: tf.Scalar;
  readonly images: number;
  /** The numbers of its samples. */
  readonly indices: readonly number[];
}

/** What a step leaves to be read. */
export interface StepReading {
  readonly step: number;
  readonly epoch: number;
  readonly parts: readonly StepPart[];
  /** The norm of the step's gradients before clipping. */
  readonly gradientNorm: tf.Scalar;
}

/** The numbers of a step. */
export interface StepNumbers {
  readonly images: number;
  /** Mean over the micro-batches. */
  readonly loss: number;
  /** Sum over the images. */
  readonly lossSum: number;
  readonly gradientNorm: number;
}

/** Losses and norms that have not been read from the device yet. */
export class LossReadings {
  #pending: StepReading[] = [];

  /** Takes over the tensors of a step. */
  add(reading: StepReading): void {
    this.#pending.push(reading);
  }

  /**
   * Reads everything, oldest first, and frees it.
   * @throws NonFiniteError for the first step that has a NaN or an infinite number
   */
  async read(lastCheckpoint: string | null): Promise<StepNumbers[]> {
    try {
      // One after another: numbers wait together on the device, and are at hand after the first.
      const numbers: StepNumbers[] = [];
      for (const reading of this.#pending) numbers.push(await readStep(reading, lastCheckpoint));
      return numbers;
    } finally {
      this.dispose();
    }
  }

  dispose(): void {
    for (const { parts, gradientNorm } of this.#pending) {
      tf.dispose([gradientNorm, ...parts.map(({ loss }) => loss)]);
    }
    this.#pending = [];
  }
}

async function readStep(reading: StepReading, lastCheckpoint: string | null): Promise<StepNumbers> {
  const { step, epoch, parts } = reading;
  let [sum, lossSum, images] = [0, 0, 0];
  for (const { loss, indices, images: count } of parts) {
    const value = (await loss.data<'float32'>())[0] as number;
    if (!Number.isFinite(value)) {
      const message = `the loss is ${value}. Lower the learning rate, clip gradients, or look at these samples.`;
      throw new NonFiniteError(message, { step, epoch, indices, lastCheckpoint });
    }
    sum += value;
    lossSum += count * value;
    images += count;
  }
  const gradientNorm = (await reading.gradientNorm.data<'float32'>())[0] as number;
  if (!Number.isFinite(gradientNorm)) {
    const indices = parts.flatMap((part) => part.indices);
    const message = `the norm of the gradients is ${gradientNorm}. Lower the learning rate, or look at these samples.`;
    throw new NonFiniteError(message, { step, epoch, indices, lastCheckpoint });
  }
  return { images, loss: sum / parts.length, lossSum, gradientNorm };
}
