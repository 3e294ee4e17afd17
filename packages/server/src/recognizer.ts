import { OpenSetError } from '@openset/core';
import type { DescribedModel } from '@openset/verify';

/** The model of a recognizer. */
export interface RecognizerModel extends DescribedModel {
  /** Name for people, such as `faceres` or a path. */
  readonly name: string;
  /** `modelFingerprint` of `@openset/verify`. */
  readonly fingerprint: string;
  /** Number of values of an embedding. */
  readonly embeddingSize: number;
}

/** Place of a face, in pixels of the upright image. */
export interface FaceBox {
  /** Left edge. */
  readonly x: number;
  /** Upper edge. */
  readonly y: number;
  /** Width. */
  readonly width: number;
  /** Height. */
  readonly height: number;
}

/** A face on an image, or an image that was taken whole. */
export interface RecognizedFace {
  /** Null for an image that was taken whole. */
  readonly box: FaceBox | null;
  /** Confidence of the detector, in [0, 1]; null for an image that was taken whole. */
  readonly score: number | null;
  /** Why the face cannot be recognised; null if it can. */
  readonly reason: string | null;
  /** `[embeddingSize]`, at unit length; null if the face cannot be recognised. */
  readonly embedding: Float32Array | null;
}

/** What a recognizer found on an image. */
export interface RecognizedImage {
  /** Width of the upright image in pixels. */
  readonly width: number;
  /** Height of the upright image in pixels. */
  readonly height: number;
  /** The selected faces, from left to right; empty if there is none. */
  readonly faces: readonly RecognizedFace[];
}

/** Options of `Recognizer.recognize`. */
export interface RecognizeOptions {
  /** The largest face, or all; default all. */
  readonly select?: 'largest' | 'all';
  /**
   * Whether faces are found and cropped; default: if the model states its crop. False for an image that is such a crop already, which is
   * taken whole.
   */
  readonly align?: boolean;
  /** Ends the wait: the call rejects with the signal's reason, and is dropped if it has not begun. */
  readonly signal?: AbortSignal;
}

/**
 * Turns encoded images into embeddings of their faces, away from the thread that serves requests. The queue in front of it is bounded.
 */
export interface Recognizer {
  /** Model that makes the embeddings. */
  readonly model: RecognizerModel;
  /** Number of calls that run or wait. */
  readonly pending: number;
  /** Whether a worker thread can take calls: false if all have died and cannot be replaced, and after `close`. */
  readonly isReady: boolean;
  /**
   * Finds the faces of an image and computes their embeddings.
   * @param image bytes of a JPEG, PNG, WebP, AVIF, GIF, TIFF or BMP file. They move to another thread: the caller must not use them, or
   *   their buffer, afterwards
   * @throws ImageRefusedError for an image that cannot be used; QueueFullError if too many calls wait; WorkerError if a thread died
   */
  recognize(image: Uint8Array, options?: RecognizeOptions): Promise<RecognizedImage>;
  /** Ends the threads, after the calls that were accepted. Later calls reject. */
  close(): Promise<void>;
}

/** Why an image was refused. */
export type ImageProblem = 'not-an-image' | 'damaged' | 'too-many-pixels' | 'too-many-faces';

/** An image cannot be used. The message says why and what to do, and has no data of the image. */
export class ImageRefusedError extends OpenSetError {
  override readonly name = 'ImageRefusedError';
  /** Kind of the problem, for programs. */
  readonly code: ImageProblem;

  constructor(code: ImageProblem, problem: string) {
    super(problem);
    this.code = code;
  }
}

/** Too many calls wait. */
export class QueueFullError extends OpenSetError {
  override readonly name = 'QueueFullError';
  /** Seconds after which the queue is likely to have room. */
  readonly retryAfter: number;

  constructor(retryAfter: number) {
    super(`The service is busy: try again in ${retryAfter} s.`);
    this.retryAfter = retryAfter;
  }
}
