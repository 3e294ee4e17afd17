import { randomNumbers } from '@openset/core';
import { pretrainedNetworks } from '@openset/pretrained';
import { ImageRefusedError, type RecognizedImage, type Recognizer } from '@openset/server';
import { type DrawnFace, drawnPeople, separator } from './drawn-photos.ts';

const embeddingSize = 16;
const { cosine, calibration, interval, galleries } = pretrainedNetworks.faceres!.threshold;
const names = Object.keys(drawnPeople);

/**
 * Recognises the people of `drawPhoto`, with the thresholds of `faceres`. Cosines of a person are about 0.85, those of two people
 * below 0.4.
 */
export class DrawnRecognizer implements Recognizer {
  readonly model = {
    name: 'faceres',
    fingerprint: 'd'.repeat(64),
    embeddingSize,
    source: 'calibrated' as const,
    description: {
      backbone: { backbone: 'drawn' },
      threshold: cosine,
      thresholdSource: 'calibrated' as const,
      question: { kind: 'pair', odds: 1 } as const,
      thresholdInterval: interval!,
      galleryThresholds: galleries!,
      calibration,
    },
  };
  readonly pending = 0;
  readonly isReady = true;
  /** Errors of the next calls. */
  readonly failures: Error[] = [];

  async recognize(
    image: Uint8Array,
    { select = 'all' }: { readonly select?: 'largest' | 'all' } = {},
  ): Promise<RecognizedImage> {
    const failure = this.failures.shift();
    if (failure) throw failure;
    const text = Buffer.from(image).toString('latin1').split(separator)[1];
    // The picture of the browser's test camera.
    if (text === undefined && image[0] === 0xff) return { width: 640, height: 480, faces: [] };
    if (text === undefined) {
      throw new ImageRefusedError(
        'not-an-image',
        'The file is not an image. Send a JPEG, PNG, WebP, AVIF, GIF or TIFF file.',
      );
    }
    const { width, height, faces } = JSON.parse(text) as {
      width: number;
      height: number;
      faces: DrawnFace[];
    };
    const recognized = faces.map(({ person, variant, box }) => ({
      box,
      score: person ? 0.99 : 0.6,
      reason: person ? null : 'the face is turned away',
      embedding: person ? embeddingOf(names.indexOf(person), variant) : null,
    }));
    return { width, height, faces: select === 'all' ? recognized : recognized.slice(0, 1) };
  }

  async close(): Promise<void> {}
}

/** Returns a unit vector near the axis of a person. */
function embeddingOf(person: number, variant: number): Float32Array {
  const random = randomNumbers(100 * person + variant + 1);
  const values = Float32Array.from({ length: embeddingSize }, (_, axis) =>
    axis === person ? 1 : 0.35 * (random() - 0.4),
  );
  const length = Math.hypot(...values);
  return values.map((value) => value / length);
}
