import type { PixelImage } from '@openset/data';
import { cropFace, selectFaces } from '@openset/faces';
import * as tf from '@tensorflow/tfjs-core';
import type { LookRequest, SeenFace, Sight } from '../functions.ts';
import type { FaceNetworks } from './load-network.ts';
import { readFrame, readPicture, showablePicture } from './read-picture.ts';

/** Side of a face in pixels below which its embedding says little, as for `openset`. */
const smallestFace = 20;
/** Faces of a picture that are recognised, the best ones. */
const mostFaces = 30;

/**
 * Finds the faces of a picture, and embeds them.
 * @throws DataError with what to do if the file cannot be read
 */
export async function look(networks: FaceNetworks, { source, need }: LookRequest): Promise<Sight> {
  const isFile = source instanceof File;
  const image = isFile ? await readPicture(source) : readFrame(source);
  const { height, width } = image;
  const start = performance.now();
  const found = await networks.detector.detect(image, { need });
  const searched = performance.now();
  const selected = need === 'largest' ? selectFaces(found, image, 'largest') : found.slice(0, mostFaces);
  const { crop } = networks.facts;
  const size = networks.verifier.backbone.inputShape[0] as number;
  const faces = [...selected]
    .sort((first, second) => first.box.x - second.box.x)
    .map((face) => {
      const { box, landmarks, score } = face;
      const isSmall = Math.max(box.width, box.height) < smallestFace;
      const reason = isSmall
        ? `the face has ${Math.round(box.width)} × ${Math.round(box.height)} pixels, and ${smallestFace} are needed`
        : null;
      return { box, landmarks, score, reason, crop: isSmall ? null : cropFace(image, face, crop, size) };
    });
  const crops = faces.flatMap((face) => face.crop ?? []);
  const embeddings = await embed(networks, crops);
  const end = performance.now();
  const seen = faces.map(
    (face): SeenFace => ({ ...face, embedding: face.crop && embeddings.get(face.crop)! }),
  );
  return {
    width,
    height,
    faces: seen,
    picture: isFile ? await showablePicture(image) : null,
    searchTime: searched - start,
    embeddingTime: end - searched,
  };
}

/** Returns the embeddings of crops of the size that the network takes. */
async function embed(
  { verifier }: FaceNetworks,
  crops: readonly PixelImage[],
): Promise<Map<PixelImage, Float32Array>> {
  if (crops.length === 0) return new Map();
  const length = crops[0]!.data.length;
  const values = new Float32Array(crops.length * length);
  crops.forEach(({ data }, place) => {
    for (let index = 0; index < length; index++) values[place * length + index] = data[index]! / 127.5 - 1;
  });
  const images = tf.tensor4d(values, [crops.length, crops[0]!.height, crops[0]!.width, 3]);
  try {
    const embeddings = await verifier.embed(images);
    return new Map(crops.map((crop, place) => [crop, embeddings[place]!]));
  } finally {
    images.dispose();
  }
}
