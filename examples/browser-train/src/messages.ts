import type { LearnedThreshold } from '@openset/core';
import type { Calibration, Verification } from '@openset/verify';
import type { BackendFacts, BackendRequest } from '@openset-examples/browser-page/backend-request.ts';
import type { ImageSet } from './image-set.ts';

/** A loss to choose from. */
export interface LossChoice {
  /** Word of `openset train --loss`. */
  readonly word: string;
  readonly summary: string;
  /** The pairs that its learned threshold separates; null if it learns none. */
  readonly threshold: LearnedThreshold['between'] | null;
}

/** What the worker says when it is ready. */
export interface WorkerFacts extends BackendFacts {
  readonly losses: readonly LossChoice[];
}

/** How to train. */
export interface TrainSettings {
  /** Word of the loss. */
  readonly loss: string;
  readonly epochs: number;
}

/** Cosines of the pairs of a set of images. */
export interface PairCosines {
  /** `[bins]` from −1 to 1: share of the pairs of the same class in each bin. */
  readonly same: readonly number[];
  /** The same for pairs of different classes. */
  readonly different: readonly number[];
  /** Cosines at 10 %, 50 % and 90 % of the pairs of the same class. */
  readonly sameRange: readonly [low: number, middle: number, high: number];
  readonly differentRange: readonly [low: number, middle: number, high: number];
  readonly pairs: number;
  /** Share of right answers at the threshold, of as many pairs of each kind; null without a threshold. */
  readonly accuracy: number | null;
}

/** Where a run stands. */
export interface Measurement {
  /** Number of steps done. */
  readonly step: number;
  /** Smallest cosine of two images of the same class; null if there is none yet. */
  readonly threshold: number | null;
  /** Whether the loss has learned the threshold, or pairs of held-out images gave it. */
  readonly source: 'learned' | 'measured';
  /** Curve for probabilities; null if there is none yet. */
  readonly calibration: Calibration | null;
  /** Pairs of test images of the trained classes. */
  readonly trained: PairCosines;
  /** Pairs of images of classes that are never trained on; null if there are none. */
  readonly unseen: PairCosines | null;
}

/** What the worker tells during a run. */
export type TrainingNews =
  | { readonly kind: 'start'; readonly totalSteps: number }
  | {
      readonly kind: 'steps';
      /** Steps whose loss was read, with the loss. */
      readonly losses: readonly (readonly [step: number, loss: number])[];
      readonly step: number;
      readonly epoch: number;
      /** Threshold between two images that the loss has learned so far; null if there is none, or it was not read. */
      readonly threshold: number | null;
    }
  | { readonly kind: 'measurement'; readonly measurement: Measurement };

/** The end of a run. */
export interface TrainingEnd {
  readonly isStopped: boolean;
  readonly steps: number;
  readonly seconds: number;
}

/** The functions of the worker, by name. */
export interface TrainingFunctions {
  start(request: BackendRequest): WorkerFacts;
  train(job: { readonly images: ImageSet; readonly settings: TrainSettings }): TrainingEnd;
  stop(): void;
  /** Compares two images, 28 × 28. */
  compare(images: { readonly first: Uint8Array; readonly second: Uint8Array }): Verification;
  /** Returns the trained model as a file of `openset`. */
  encode(): Uint8Array<ArrayBuffer>;
  /** Replaces the model by that of a file. */
  load(file: { readonly bytes: Uint8Array }): void;
}
