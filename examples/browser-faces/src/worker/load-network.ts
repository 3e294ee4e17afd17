import { DataError } from '@openset/core';
import { createFaceDetector, type FaceDetector } from '@openset/faces';
import { loadPretrained } from '@openset/pretrained';
import { modelFingerprint, Verifier } from '@openset/verify';
import * as tf from '@tensorflow/tfjs-core';
import type { NetworkFacts } from '../functions.ts';

/** Word of the network in `pretrainedNetworks`. */
const word = 'faceres';

/** The networks of the page on the active backend. */
export interface FaceNetworks {
  readonly detector: FaceDetector;
  readonly verifier: Verifier;
  readonly facts: NetworkFacts;
}

/**
 * Loads the networks that find and recognise faces.
 * @param modelsAddress address of the folder with the models
 * @throws DataError if a file is missing or damaged
 */
export async function loadNetworks(modelsAddress: string): Promise<FaceNetworks> {
  const read = (path: string) => readModel(new URL(path, modelsAddress));
  const [detector, { backbone, description }] = await Promise.all([
    createFaceDetector({ read }),
    loadPretrained(word, read),
  ]);
  const state = backbone.getState();
  try {
    const fingerprint = await modelFingerprint(description, state);
    const verifier = new Verifier({ ...description, backbone });
    const { embeddingSize } = backbone;
    const model = { fingerprint, name: word };
    return {
      detector,
      verifier,
      facts: { description, source: 'calibrated', model, embeddingSize, crop: description.crop },
    };
  } finally {
    tf.dispose(state);
  }
}

/** Reads a file of the models. */
async function readModel(address: URL): Promise<Uint8Array> {
  const response = await fetch(address).catch(() => null);
  // A server may answer a missing file with its start page.
  if (!response?.ok || response.headers.get('content-type')?.startsWith('text/html')) {
    const found = response ? `the server answers with ${response.status}` : 'the server does not answer';
    throw new DataError(
      `The page cannot load '${address.pathname}': ${found}. Check the network and the server, and reload the page.`,
    );
  }
  return new Uint8Array(await response.arrayBuffer());
}
