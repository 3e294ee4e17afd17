import * as tf from '@tensorflow/tfjs-core';
import { type FailureDetails, NonFiniteError } from './errors.ts';

/** One micro-batch of a step. */
export interface StepPart {
  readonly loss: tf.Scalar;
  readonly images: number;
  /** Indices of its samples. */
  readonly indices: readonly number[];
}

/** Loss and gradient norm of a step, still on the device. */
export interface StepReading {
  readonly step: number;
  readonly epoch: number;
  readonly parts: readonly StepPart[];
  /** Norm of the step's gradients before clipping. */
  gradientNorm: tf.Scalar;
}

/** Loss and gradient norm of a step, as numbers. */
export interface StepNumbers {
  readonly images: number;
  /** Mean loss over the micro-batches. */
  readonly loss: number;
  /** Sum of the losses over the images. */
  readonly lossSum: number;
  readonly gradientNorm: number;
}

/** Collects losses and norms until they are read from the device. */
export class LossReadings {
  #pending: StepReading[] = [];

  /** Adds a step and takes ownership of its tensors. */
  add(reading: StepReading): void {
    this.#pending.push(reading);
  }

  /** Replaces the norm of the last step, which has not been read. Takes ownership of the tensor. */
  replaceNorm(gradientNorm: tf.Scalar): void {
    const last = this.#pending.at(-1) as StepReading;
    last.gradientNorm.dispose();
    last.gradientNorm = gradientNorm;
  }

  /**
   * Reads and frees all steps, oldest first.
   * @throws NonFiniteError for the first step with a NaN or an infinite number
   */
  async read(lastCheckpoint: string | null): Promise<StepNumbers[]> {
    try {
      // One after another: only the first read waits for the device.
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
      const message = `the loss is ${value}. Lower the learning rate, clip gradients, or check these samples.`;
      throw new NonFiniteError(message, { step, epoch, indices, lastCheckpoint });
    }
    sum += value;
    lossSum += count * value;
    images += count;
  }
  const gradientNorm = (await reading.gradientNorm.data<'float32'>())[0] as number;
  const indices = parts.flatMap((part) => part.indices);
  checkNorm(gradientNorm, { step, epoch, indices, lastCheckpoint });
  return { images, loss: sum / parts.length, lossSum, gradientNorm };
}

/** Checks the norm of a step's gradients. @throws NonFiniteError */
export function checkNorm(gradientNorm: number, details: FailureDetails): void {
  if (Number.isFinite(gradientNorm)) return;
  const message = `the norm of the gradients is ${gradientNorm}. Lower the learning rate, or check these samples.`;
  throw new NonFiniteError(message, details);
}
