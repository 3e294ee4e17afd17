import type { FaceCrop } from '@openset/core';
import type { PixelImage } from '@openset/data';
import type { Face } from '@openset/faces';
import type { GalleryModel } from '@openset/gallery';
import type { DescribedModel } from '@openset/verify';
import type { BackendFacts, BackendRequest } from '@openset-examples/browser-page/backend-request.ts';

/** The network that the worker has loaded. */
export interface NetworkFacts extends DescribedModel {
  readonly model: GalleryModel;
  readonly embeddingSize: number;
  readonly crop: FaceCrop;
}

/** What the worker starts with. */
export interface StartRequest extends BackendRequest {
  /** Address of the folder with the models. */
  readonly modelsAddress: string;
}

/** What the worker says when it is ready. */
export interface WorkerFacts extends BackendFacts, NetworkFacts {}

/** A picture to look at. */
export interface LookRequest {
  /** A frame of the camera, which the worker closes, or a file. */
  readonly source: ImageBitmap | File;
  /** Which faces are needed. */
  readonly need: 'all' | 'largest';
}

/** A face on a picture. */
export interface SeenFace extends Pick<Face, 'box' | 'landmarks' | 'score'> {
  /** Why it cannot be recognised; null if it can. */
  readonly reason: string | null;
  /** `[embeddingSize]`, at unit length; null with a reason. */
  readonly embedding: Float32Array | null;
  /** What the network saw: `[size, size, 3]`; null with a reason. */
  readonly crop: PixelImage | null;
}

/** What the worker saw on a picture. Coordinates are in pixels of the upright picture. */
export interface Sight {
  readonly width: number;
  readonly height: number;
  /** From left to right; with `need: 'largest'`, at most one. */
  readonly faces: readonly SeenFace[];
  /** The picture, at most 1,600 pixels long; null for a frame of the camera. */
  readonly picture: ImageBitmap | null;
  /** Milliseconds of the search for faces. */
  readonly searchTime: number;
  /** Milliseconds of all embeddings. */
  readonly embeddingTime: number;
}

/** The functions of the worker, by name. */
export interface FacesFunctions {
  start(request: StartRequest): WorkerFacts;
  look(request: LookRequest): Sight;
}
