import { type BackendName, backendNames } from '../backend-names.ts';

/** A value of `--engine`: a backend, whose network computes the embeddings, or another runtime. */
export type EngineName = BackendName | 'onnxruntime';

/** All values of `--engine`. */
export const engineNames: readonly EngineName[] = [...backendNames, 'onnxruntime'];

/**
 * Number of images from which onnxruntime is the default. On two cores, to load it, to give it the network and to check its embeddings
 * takes as long as it gains on 13 images with faceres, 23 with MobileFaceNet and 69 with LResNet18E-IR (`npm run bench -- engine-start`).
 */
export const fewestImages = 64;
