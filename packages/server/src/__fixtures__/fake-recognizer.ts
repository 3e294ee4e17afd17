import { ImageRefusedError, type RecognizedFace, type Recognizer } from '../recognizer.ts';

/** A face of a fake image: the angle of its embedding in degrees, or why it cannot be recognised. */
export type FakeFace = number | string;

const magic = 'FAKE ';
/** Size of the fake embeddings. */
export const embeddingSize = 4;

/** Returns the bytes of an image that `FakeRecognizer` reads. */
export function fakeImage(...faces: FakeFace[]): Buffer<ArrayBuffer> {
  return Buffer.from(magic + JSON.stringify(faces));
}

/** A recognizer that reads embeddings from the image itself. */
export class FakeRecognizer implements Recognizer {
  readonly model = {
    name: 'fake',
    fingerprint: 'f'.repeat(64),
    embeddingSize,
    source: 'calibrated',
    description: {
      backbone: { backbone: 'fake' },
      threshold: 0.8,
      thresholdSource: 'calibrated',
      question: { kind: 'pair', odds: 1 },
      calibration: { slope: -20, offset: 15 },
      galleryThresholds: [
        { people: 1, threshold: 0.8, falseAlarms: 0.01, falseAlarmsBound: 0.02 },
        { people: 100, threshold: 0.9, falseAlarms: 0.01, falseAlarmsBound: 0.02 },
      ],
    },
  } as const;
  pending = 0;
  isReady = true;
  /** Resolves before each answer: tests hold requests with it. */
  gate: Promise<void> = Promise.resolve();
  /** Whether the last request was aborted. */
  get isAborted(): boolean {
    return this.#signal?.aborted ?? false;
  }
  #signal: AbortSignal | undefined;
  /** Error to throw instead of an answer. */
  failure: Error | null = null;

  async recognize(
    image: Uint8Array,
    { select = 'all', signal }: { select?: 'largest' | 'all'; signal?: AbortSignal } = {},
  ) {
    this.pending++;
    this.#signal = signal;
    try {
      await this.gate;
      signal?.throwIfAborted();
      if (this.failure) throw this.failure;
      const faces = facesOf(image).map(recognized);
      return { width: 640, height: 480, faces: select === 'all' ? faces : faces.slice(0, 1) };
    } finally {
      this.pending--;
    }
  }

  async close(): Promise<void> {}
}

function facesOf(image: Uint8Array): FakeFace[] {
  const text = Buffer.from(image).toString();
  if (!text.startsWith(magic))
    throw new ImageRefusedError('not-an-image', 'The file is no image: send a JPEG.');
  try {
    return JSON.parse(text.slice(magic.length));
  } catch {
    throw new ImageRefusedError('damaged', 'The image is damaged: send it again.');
  }
}

function recognized(face: FakeFace, index: number): RecognizedFace {
  const box = { x: 10 + 100 * index, y: 20, width: 80, height: 90 };
  if (typeof face !== 'number') return { box, score: 0.5, reason: String(face), embedding: null };
  const radians = (face * Math.PI) / 180;
  // Rounded: opposite faces cancel each other out exactly.
  const [x, y] = [Math.cos(radians), Math.sin(radians)].map((value) => Math.round(value * 1e9) / 1e9);
  return { box, score: 0.99, reason: null, embedding: Float32Array.of(x!, y!, 0, 0) };
}
