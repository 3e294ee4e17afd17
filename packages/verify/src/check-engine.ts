import {
  ConfigError,
  type EmbeddingEngine,
  EngineError,
  type ImageBatchShape,
  randomNumbers,
} from '@openset/core';
import { normalise } from './embedding-rows.ts';

/** Largest difference at which two engines count as equal, of cosines and of values of unit vectors. */
const engineTolerance = 1e-4;

/** How far the embeddings of two engines are apart, as unit vectors. */
export interface EngineDifference {
  /** 1 − cosine of the two embeddings. */
  readonly cosine: number;
  /** Largest difference of two values. */
  readonly value: number;
}

/**
 * Compares the embeddings of a fixed image.
 * @param inputShape height, width and channels of the images that both take
 * @throws DataError if an embedding has no direction; the errors of the engines
 */
export async function compareEngines(
  engine: EmbeddingEngine,
  reference: EmbeddingEngine,
  inputShape: readonly (number | null)[],
): Promise<EngineDifference> {
  const shape = imageShape(inputShape);
  const image = fixedImage(shape);
  const expected = normalise(await reference.embed(image, shape), `The embedding of ${reference.name}`);
  const found = normalise(await engine.embed(image, shape), `The embedding of ${engine.name}`);
  if (found.length !== expected.length) return { cosine: Number.NaN, value: Number.NaN };
  let product = 0;
  let value = 0;
  for (const [index, number] of expected.entries()) {
    product += number * found[index]!;
    value = Math.max(value, Math.abs(number - found[index]!));
  }
  return { cosine: 1 - product, value };
}

/**
 * Checks that an engine computes the embeddings of another one, on a fixed image, to 1e-4.
 * @param inputShape height, width and channels of the images that both take
 * @throws EngineError with the differences if it does not, or if it fails
 */
export async function requireSameEmbeddings(
  engine: EmbeddingEngine,
  reference: EmbeddingEngine,
  inputShape: readonly (number | null)[],
): Promise<EngineDifference> {
  const { cosine, value } = await compareEngines(engine, reference, inputShape).catch((cause: Error) => {
    throw new EngineError(`The engine ${engine.name} failed on a test image: ${cause.message}`, { cause });
  });
  // Not `>`: NaN is a difference, too.
  if (cosine <= engineTolerance && value <= engineTolerance) return { cosine, value };
  throw new EngineError(
    `The engine ${engine.name} computes other embeddings than ${reference.name}: on a test image, the cosine is ` +
      `${(1 - cosine).toPrecision(6)} and the largest difference ${value.toPrecision(3)}, but both may differ from equal ` +
      `vectors by ${engineTolerance}. Use another engine, and report this with the versions of both.`,
  );
}

function imageShape(inputShape: readonly (number | null)[]): ImageBatchShape {
  const [height, width, channels] = inputShape;
  if (height && width && channels) return [1, height, width, channels];
  throw new ConfigError(
    `The network takes images [${inputShape.map((length) => length ?? 'any').join(', ')}], but an engine can only be checked ` +
      'on a fixed size.',
  );
}

/** Returns an image with smooth and with sharp parts: waves and noise in [−1, 1], the same for a shape. */
function fixedImage([, height, width, channels]: ImageBatchShape): Float32Array {
  const random = randomNumbers(1);
  return Float32Array.from({ length: height * width * channels }, (_, index) => {
    const pixel = Math.floor(index / channels);
    const [x, y] = [(pixel % width) / width, Math.floor(pixel / width) / height];
    const wave = Math.sin(9 * x + 5 * y + (index % channels)) * Math.cos(7 * y - 3 * x);
    return 0.6 * wave + 0.4 * (2 * random() - 1);
  });
}
