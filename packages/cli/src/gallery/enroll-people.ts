import { DataError } from '@openset/core';
import { type ImageSource, subsetSource } from '@openset/data';
import {
  type EnrollmentWarning,
  enrollmentWarnings,
  type Gallery,
  type JsonObject,
  type NewEmbedding,
  selectSearchThreshold,
} from '@openset/gallery';
import { type BadImage, toBadImages, withoutOrigin } from '../images/bad-image.ts';
import { imageName } from '../images/image-name.ts';
import type { ImageReading } from '../images/image-reading.ts';
import { embedUsableFaces } from '../model/embed-faces.ts';
import type { LoadedModel } from '../model/load-model.ts';
import type { Output } from '../output.ts';
import { hashInSource, photoSource } from './photo-source.ts';

/** Photos of a person. */
export interface PersonPhotos {
  readonly name: string;
  /** Indices in the source. */
  readonly photos: readonly number[];
}

/** A photo that was enrolled. */
export interface EnrolledPhoto {
  readonly path: string;
  /** Identifier of its embedding. */
  readonly id: string;
  /** Number of faces found. The largest is enrolled. Null for an image that was taken whole. */
  readonly faces: number | null;
}

/** A warning about a photo. */
export interface PhotoWarning {
  readonly path: string;
  readonly kind: EnrollmentWarning['kind'];
  /** Name of the other person; null if the photo is unlike the person's others. */
  readonly identity: string | null;
  readonly cosine: number;
  /** Threshold that the cosine reaches, or misses if the photo is unlike the others. */
  readonly threshold: number;
}

/** What was done with the photos of a person. */
export interface PersonEnrollment {
  readonly name: string;
  /** Null if the person is not in the gallery. */
  readonly id: string | null;
  readonly isNew: boolean;
  readonly enrolled: readonly EnrolledPhoto[];
  /** Number of photos that were enrolled before. */
  readonly kept: number;
  /** Photos that cannot be used, and why. With `strict`, also those that a warning is about. */
  readonly refused: readonly Pick<BadImage, 'path' | 'reason'>[];
  readonly warnings: readonly PhotoWarning[];
}

/** A gallery that is created when the first person is saved. */
export interface WritableGallery {
  /** The gallery; an empty one in memory before it is created. */
  readonly current: Gallery;
  create(): Promise<Gallery>;
}

/** How people are enrolled. */
export interface EnrollContext {
  readonly store: WritableGallery;
  readonly model: LoadedModel;
  readonly reading: ImageReading;
  readonly output: Output;
  /** Whether nothing of a person with a warning is enrolled. */
  readonly isStrict: boolean;
  readonly metadata?: JsonObject | undefined;
  /** Aborted to stop after the person whose photos are enrolled. */
  readonly signal?: AbortSignal | undefined;
}

/** Number of photos that are searched for faces before their people are saved. */
const photosAtOnce = 32;

/** A person whose photos are read. */
interface ReadPerson {
  readonly name: string;
  /** Photos that are not enrolled yet, and what the gallery keeps of them. */
  readonly fresh: readonly { readonly photo: number; readonly source: string }[];
  readonly kept: number;
  readonly unreadable: readonly BadImage[];
}

/**
 * Enrolls the largest face of each photo, person by person. A person is saved before the next one is reported. Photos with the content
 * of an enrolled photo of the same person are not searched again, so an enrollment that was stopped continues where it was.
 * @returns what was done, in the order of the people; fewer people if the signal stopped it
 */
export async function enrollPeople(
  source: ImageSource,
  people: readonly PersonPhotos[],
  context: EnrollContext,
): Promise<PersonEnrollment[]> {
  const { output, signal } = context;
  const total = people.reduce((sum, { photos }) => sum + photos.length, 0);
  const counter = output.counter('photos', { showsRate: true });
  // Photos of one person are counted while they are searched.
  const quiet = people.length === 1 ? output : withoutProgress(output);
  const done: PersonEnrollment[] = [];
  let group: ReadPerson[] = [];
  let [waiting, counted, isFaceMissing] = [0, 0, false];
  for (const [index, person] of people.entries()) {
    const read = await readPerson(source, person, context.store.current);
    group.push(read);
    waiting += read.fresh.length;
    counted += person.photos.length;
    if (waiting < photosAtOnce && index < people.length - 1) continue;
    const faces = await embedGroup(source, group, { ...context, output: quiet });
    if (faces.isFaceMissing && !isFaceMissing) {
      output.note('no face found: --no-align takes images as they are, if they are crops of faces already');
      isFaceMissing = true;
    }
    for (const member of group) {
      if (signal?.aborted) return done;
      done.push(await saveMember(source, member, faces, { ...context, atLeast: people.length }));
    }
    if (people.length > 1) counter.update(counted, total);
    [group, waiting] = [[], 0];
  }
  return done;
}

/** Returns an output that drops progress and notes. */
function withoutProgress(output: Output): Output {
  return { ...output, note: () => {}, counter: () => ({ update: () => {} }) };
}

/** Reads the photos of a person, to know which are enrolled. */
async function readPerson(
  source: ImageSource,
  { name, photos }: PersonPhotos,
  gallery: Gallery,
): Promise<ReadPerson> {
  const person = await gallery.find({ name });
  const stored = (person && (await gallery.embeddings(person.id))) ?? [];
  const known = new Set(stored.map((embedding) => hashInSource(embedding.source)));
  const fresh: { photo: number; source: string }[] = [];
  const unreadable: BadImage[] = [];
  for (const photo of photos) {
    const path = imageName(source, photo);
    try {
      const { bytes } = await source.get(photo);
      const kept = photoSource(path, bytes);
      const hash = hashInSource(kept);
      if (known.has(hash)) continue;
      known.add(hash);
      fresh.push({ photo, source: kept });
    } catch (error) {
      if (!(error instanceof DataError)) throw error;
      unreadable.push({ path, reason: withoutOrigin(error.problem, path) });
    }
  }
  const kept = photos.length - fresh.length - unreadable.length;
  return { name, fresh, kept, unreadable };
}

/** The largest faces of photos. */
interface PhotoFaces {
  /** Whether no face was found on a photo. */
  readonly isFaceMissing: boolean;
  /** Returns the embedding of a photo and the number of faces on it; null if it cannot be used. */
  of(photo: number): { readonly values: Float32Array; readonly faces: number | null } | null;
  /** Returns why a photo cannot be used; null if it can. */
  problem(photo: number): BadImage | null;
}

async function embedGroup(
  source: ImageSource,
  group: readonly ReadPerson[],
  { model, reading, output }: EnrollContext,
): Promise<PhotoFaces> {
  const photos = group.flatMap(({ fresh }) => fresh.map(({ photo }) => photo));
  if (photos.length === 0) return { isFaceMissing: false, of: () => null, problem: () => null };
  const subset = subsetSource(source, photos);
  const found = await embedUsableFaces(model.verifier, subset, 'largest', output, reading);
  const rows = new Map(found.rows.map(({ photo }, row) => [photos[photo]!, row]));
  const problems = new Map(found.badRecords.map((bad) => [photos[bad.index]!, toBadImages([bad])[0]!]));
  return {
    isFaceMissing: found.badRecords.some(({ advice }) => advice?.option === 'align'),
    of(photo) {
      const row = rows.get(photo);
      if (row === undefined) return null;
      return { values: found.row(row).slice(), faces: found.rows[row]!.faceCount };
    },
    problem: (photo) => problems.get(photo) ?? null,
  };
}

/** Saves a person, unless there is nothing to save, or a warning with `isStrict`. */
async function saveMember(
  source: ImageSource,
  { name, fresh, kept, unreadable }: ReadPerson,
  faces: PhotoFaces,
  { store, model, isStrict, metadata, atLeast }: EnrollContext & { readonly atLeast: number },
): Promise<PersonEnrollment> {
  const refused = [...unreadable, ...fresh.flatMap(({ photo }) => faces.problem(photo) ?? [])];
  const usable = fresh.flatMap(({ photo, source: origin }) => {
    const face = faces.of(photo);
    return face ? [{ ...face, path: imageName(source, photo), source: origin }] : [];
  });
  const embeddings = usable.map(({ values, source: origin }): NewEmbedding => ({ values, source: origin }));
  const thresholds = await warningThresholds(store.current, model, atLeast);
  const found =
    embeddings.length > 0 ? await enrollmentWarnings(store.current, name, embeddings, thresholds) : [];
  const warnings = found.map(
    (warning): PhotoWarning => ({
      path: usable[warning.index]!.path,
      kind: warning.kind,
      identity: warning.kind === 'resembles' ? warning.identity : null,
      cosine: warning.cosine,
      threshold: warning.kind === 'resembles' ? thresholds.threshold : thresholds.pairThreshold,
    }),
  );
  const person = await store.current.find({ name });
  const isWithheld = isStrict && warnings.length > 0;
  if (usable.length === 0 || isWithheld) {
    const withheld = usable.map(({ path }) => ({ path, reason: withheldReason }));
    if (person && metadata && !isWithheld) await store.current.update(person.id, { metadata });
    const nothing = { id: person?.id ?? null, isNew: false, enrolled: [], kept };
    return { name, ...nothing, refused: [...refused, ...withheld].map(plain), warnings };
  }
  const gallery = await store.create();
  const { person: saved, isNew, embeddingIds } = await gallery.enroll(name, embeddings, { metadata });
  const enrolled = usable.map(({ path, faces: count }, place) => ({
    ...{ path, id: embeddingIds[place]!, faces: count },
  }));
  return { name, id: saved.id, isNew, enrolled, kept, refused: refused.map(plain), warnings };
}

const withheldReason = 'not enrolled, because of a warning about the person (--strict)';

/**
 * Returns the thresholds of warnings: that of a search in the gallery, and that of a pair.
 * @param atLeast number of people that the gallery will have
 */
async function warningThresholds(gallery: Gallery, model: LoadedModel, atLeast: number) {
  const { people } = await gallery.count();
  const { threshold } = selectSearchThreshold(model, gallery.facts, Math.max(people, atLeast));
  return { threshold, pairThreshold: model.verifier.threshold };
}

function plain({ path, reason }: BadImage): Pick<BadImage, 'path' | 'reason'> {
  return { path, reason };
}
