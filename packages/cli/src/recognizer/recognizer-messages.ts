import type { ErrorAdvice } from '@openset/core';
import type { RecognizerModel } from '@openset/server';
import type { GivenThreshold } from '@openset/verify';
import type { BackendName } from '../backend-names.ts';
import type { ResolvedEngine } from '../engine/engine-choice.ts';
import type { EngineFacts } from '../engine/open-engine.ts';
import type { Decoding } from '../images/image-reading.ts';
import type { BatchOptions } from './batch-crops.ts';
import type { ImageAnswer, ImageLimits, ImageRequest } from './image-recognizer.ts';

/** Data with which a worker thread starts. */
export interface WorkerSetup {
  readonly model: string;
  readonly threshold: GivenThreshold | undefined;
  /** Whether a model without a crop gets the default one. */
  readonly align: boolean;
  readonly backend: BackendName;
  readonly onnxruntime: ResolvedEngine['onnxruntime'];
  /** Number of threads of the backend, and of onnxruntime. */
  readonly threads: number;
  /** Memory of the `NativeCalls` of the thread. */
  readonly nativeCalls: SharedArrayBuffer;
  readonly limits: ImageLimits;
  readonly batch: BatchOptions;
  readonly decoding: Decoding;
}

/** A message to a worker thread. */
export type WorkerTask =
  | ({
      readonly kind: 'recognize';
      readonly id: number;
      readonly image: Uint8Array;
    } & Pick<ImageRequest, 'select' | 'align'>)
  /** Nobody waits for the answer any more. */
  | { readonly kind: 'drop'; readonly id: number };

/** What a worker thread has loaded. */
export interface RecognizerFacts {
  readonly model: RecognizerModel;
  readonly engine: EngineFacts;
  /** Lines on the choice of the engine. */
  readonly notes: readonly string[];
}

/** A message from a worker thread. */
export type WorkerReply =
  | ({ readonly kind: 'ready'; readonly parallel: number } & RecognizerFacts)
  /** The thread cannot start. */
  | {
      readonly kind: 'failed';
      readonly name: string;
      readonly problem: string;
      readonly advice?: ErrorAdvice;
    }
  | { readonly kind: 'answer'; readonly id: number; readonly answer: ImageAnswer }
  | { readonly kind: 'error'; readonly id: number; readonly text: string };
