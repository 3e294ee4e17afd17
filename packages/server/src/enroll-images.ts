import { enrollmentWarnings, type JsonObject, type NewEmbedding, type Person } from '@openset/gallery';
import { type Static, Type } from 'typebox';
import { ApiError } from './http/api-error.ts';
import { faultsOfClient } from './http/client-faults.ts';
import { type ImageValue, readImage } from './http/image-bodies.ts';
import type { EnrollAnswer, PersonAnswer, RefusedPhoto } from './http/schemas.ts';
import { ImageRefusedError, type RecognizedImage } from './recognizer.ts';
import { shownFace } from './routes/recognition-routes.ts';
import type { Service } from './service.ts';
import { pairThresholdFor, searchThresholdFor } from './thresholds.ts';

/** Which face of a photo is the person. */
export const SelectOne = Type.Optional(
  Type.Unsafe<'only' | 'largest'>({
    type: 'string',
    enum: ['only', 'largest'],
    description:
      'Whether a photo must have only one face that can be recognised, or its largest face counts; default `only`.',
  }),
);

/** How `enrollImages` treats images. */
export interface EnrollOptions {
  readonly select?: 'only' | 'largest';
  readonly align?: boolean;
  readonly signal: AbortSignal;
}

/** Returns a person as answers show it. */
export function shownPerson({ embeddingCount, ...person }: Person): Static<typeof PersonAnswer> {
  return { ...person, photoCount: embeddingCount };
}

/**
 * Enrolls the faces of images, and refuses those without exactly one.
 * @throws ApiError if no image can be enrolled; nothing is stored then
 */
export async function enrollImages(
  { recognizer, gallery, limits }: Service,
  { name, metadata }: { readonly name: string; readonly metadata?: JsonObject | undefined },
  images: readonly ImageValue[],
  { select = 'only', ...options }: EnrollOptions,
): Promise<Static<typeof EnrollAnswer>> {
  const files = images.map((image, index) => readImage(image, `images/${index}`, limits.imageBytes));
  const accepted: NewEmbedding[] = [];
  const refused: Static<typeof RefusedPhoto>[] = [];
  // One after the other: a request with many images leaves the queue to others.
  for (const [index, { bytes, name: source }] of files.entries()) {
    const outcome = await recognizer
      .recognize(bytes, { select: select === 'only' ? 'all' : 'largest', ...options })
      .then(chooseFace, refusalOf);
    if (outcome instanceof Float32Array) accepted.push({ values: outcome, source });
    else refused.push({ index, source, ...outcome });
  }
  if (accepted.length === 0) {
    throw new ApiError(422, 'no-face', 'No image can be enrolled.', { details: { refused } });
  }
  // A request that was answered with a timeout, or whose client hung up, enrolls nobody.
  options.signal.throwIfAborted();
  const { person, isNew, embeddingIds, warnings } = await faultsOfClient(async () => ({
    // Before the enrollment: afterwards, each photo is like itself.
    warnings: await describeWarnings({ recognizer, gallery }, name, accepted),
    ...(await gallery.enroll(name, accepted, { metadata })),
  }));
  const photos = embeddingIds.map((id, index) => ({
    id,
    source: accepted[index]!.source ?? null,
    enrolledAt: new Date().toISOString(),
  }));
  return { person: shownPerson(person), isNew, photos, refused, warnings };
}

/** Returns what looks wrong about new photos of a person, in sentences. */
async function describeWarnings(
  service: Pick<Service, 'recognizer' | 'gallery'>,
  name: string,
  added: readonly NewEmbedding[],
): Promise<string[]> {
  const { people } = await service.gallery.count();
  const { threshold } = searchThresholdFor(service, people);
  const { threshold: pairThreshold } = pairThresholdFor(service);
  const warnings = await enrollmentWarnings(service.gallery, name, added, { threshold, pairThreshold });
  return warnings.map((warning) => {
    const photo = added[warning.index]!.source ?? `photo ${warning.index + 1}`;
    const values = (reached: number) =>
      `cosine ${warning.cosine.toFixed(3)}, threshold ${reached.toFixed(3)}`;
    if (warning.kind === 'resembles') {
      return `${photo}: this face could be ${warning.identity}, who is enrolled (${values(threshold)}).`;
    }
    const others = warning.kind === 'unlike-person' ? 'enrolled' : 'new';
    return `${photo}: this face is unlike the ${others} photos of ${name} (${values(pairThreshold)}).`;
  });
}

type Refusal = Omit<Static<typeof RefusedPhoto>, 'index' | 'source'>;

function chooseFace({ faces }: RecognizedImage): Float32Array | Refusal {
  const usable = faces.filter(({ embedding }) => embedding !== null);
  if (usable.length === 1) return usable[0]!.embedding!;
  const shown = faces.map(shownFace);
  if (usable.length > 1) {
    const reason = `${usable.length} faces can be recognised: crop the photo to one, or select the largest`;
    return { code: 'several-faces', reason, faces: shown };
  }
  return { code: 'no-face', reason: faces[0]?.reason ?? 'no face was found', faces: shown };
}

function refusalOf(error: unknown): Refusal {
  if (error instanceof ImageRefusedError) return { code: error.code, reason: error.message, faces: [] };
  throw error;
}
