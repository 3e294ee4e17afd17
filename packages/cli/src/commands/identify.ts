import {
  type Identification,
  identify as identifyIn,
  type SearchSource,
  type SearchThreshold,
  selectSearchThreshold,
} from '@openset/gallery';
import { selectGalleryThreshold, type ThresholdQuestion } from '@openset/verify';
import type { EngineFacts } from '../engine/open-engine.ts';
import { aligned, counted, decimal, probabilityText } from '../evaluation/texts.ts';
import { exitCodes } from '../exit-codes.ts';
import { chooseProbeCrop } from '../faces/choose-alignment.ts';
import { type FacePlace, facePlace, placeText } from '../faces/face-place.ts';
import { tooSmallReason } from '../faces/face-size.ts';
import { loadFaceTools } from '../faces/face-tools.ts';
import { type KnownPeopleOptions, openKnownPeople } from '../gallery/known-people.ts';
import { type BadImage, reportSkipped, type SkippedImages } from '../images/bad-image.ts';
import { openImagePaths } from '../images/image-files.ts';
import { preloadDecoder } from '../images/preload-decoder.ts';
import { type EmbeddedFace, embedFaces } from '../model/embed-faces.ts';
import { falseAlarmsText } from '../model/gallery-thresholds.ts';
import { thresholdRows } from '../model/threshold-rows.ts';
import type { CommandResult, Output } from '../output.ts';

/** Options of `openset identify`. */
export interface IdentifyOptions extends KnownPeopleOptions {
  /** Paths of the probes: images and folders of images. */
  readonly paths: readonly string[];
}

/** The identification of one face, or of an image that was taken whole. */
export interface IdentifiedImage extends Identification {
  readonly path: string;
  /** Place of the face; null for an image that was taken whole. */
  readonly face: FacePlace | null;
  /** Why the face cannot be recognised, so that its identity is null; null if it can. */
  readonly reason: string | null;
}

/** Result of `openset identify`. */
export interface IdentifyResult extends SkippedImages {
  /** Identification of each face, or of each image that was taken whole. */
  readonly pictures: readonly IdentifiedImage[];
  /** Images of the gallery that were skipped because they cannot be read. */
  readonly skippedGalleryPictures: readonly BadImage[];
  /** Lowest cosine at which somebody counts as known. */
  readonly threshold: number;
  /** Origin of the threshold; `'gallery'` for the operating point of the gallery. */
  readonly thresholdSource: SearchSource;
  /** Question that the threshold answers; null if the user gave the threshold, or if it is unknown. */
  readonly question: ThresholdQuestion | null;
  /** What computed the embeddings of the probes. */
  readonly engine: EngineFacts | null;
  /** Expected share of strangers that are taken for somebody in the gallery; null if it is unknown. */
  readonly falseAlarms: number | null;
  /** Upper end of that share; null if it is unknown. */
  readonly falseAlarmsBound: number | null;
}

/**
 * Finds each face of the images in a gallery, or reports nobody known. The gallery keeps people, or consists of images that show one
 * person each, whose largest face is enrolled anew.
 * @returns exit code 0 if everybody is known, 1 if somebody is unknown, 2 if a probe was skipped
 * @throws OpenSetError for a gallery, a model or images that cannot be used
 */
export async function identify(
  options: IdentifyOptions,
  output: Output,
): Promise<CommandResult<IdentifyResult>> {
  const images = await openImagePaths(options.paths, output);
  preloadDecoder();
  const known = await openKnownPeople(options, output, images.size);
  const { gallery, model, reading, skippedGalleryPictures } = known;
  try {
    const { people } = await gallery.count();
    const deciding: SearchThreshold =
      options.threshold === undefined
        ? selectSearchThreshold(model, gallery.facts, people)
        : selectGalleryThreshold(model, people);
    const { threshold, source, question, search } = deciding;
    const { calibration, galleryThresholds } = model.description;
    const decision = { threshold, calibration, galleryThresholds, people };
    output.note(
      aligned([
        ['gallery', galleryText(people, known.missing)],
        ...thresholdRows(deciding),
        ...searchRows(deciding),
      ]),
    );
    const cropping = await chooseProbeCrop(known.crop, images, reading, loadFaceTools, output);
    const probeReading = { ...reading, align: cropping.crop !== null };
    const probes = await embedFaces(model.verifier, images, 'all', output, probeReading, cropping.isWhole);
    const order = fromLeftToRight(probes.rows);
    const identified: IdentifiedImage[] = [];
    for (const row of order) {
      const { photo, face } = probes.rows[row]!;
      const reason = face && tooSmallReason(face);
      const found = await identifyIn(gallery, probes.row(row), decision);
      identified.push({
        ...{ path: images.paths[photo]!, face: facePlace(face), reason, ...found },
        identity: reason === null ? found.identity : null,
        id: reason === null ? found.id : null,
        probability: reason === null ? found.probability : null,
      });
    }
    const { skipped, skippedPictures } = reportSkipped(probes.skipped, output);
    const isKnown = identified.every(({ identity }) => identity !== null);
    return {
      data: {
        ...{ pictures: identified, threshold, thresholdSource: source, question },
        engine: model.engine,
        falseAlarms: search?.falseAlarms ?? null,
        falseAlarmsBound: search?.falseAlarmsBound ?? null,
        ...{ skipped, skippedPictures, skippedGalleryPictures },
      },
      text: aligned(
        identified.map((image, place) => [
          probeText(image.path, probes.rows[order[place]!]!),
          resultText(image),
        ]),
      ),
      exitCode: skipped > 0 ? exitCodes.problem : isKnown ? exitCodes.success : exitCodes.no,
    };
  } finally {
    await known.close();
  }
}

/** Returns the rows photo by photo, and the faces of a photo from left to right. */
function fromLeftToRight(rows: readonly EmbeddedFace[]): number[] {
  const left = (row: number) => rows[row]!.face?.box.x ?? 0;
  return [...rows.keys()].sort((a, b) => rows[a]!.photo - rows[b]!.photo || left(a) - left(b));
}

/** Names a probe: its path, and the place of the face if there are several. */
function probeText(path: string, { face, faceCount }: EmbeddedFace): string {
  return face && faceCount !== 1 ? `${path}, face of ${placeText(face)}` : path;
}

/** Describes the people of a gallery, and how many lack a good image. */
function galleryText(people: number, missing: number): string {
  const without =
    missing > 0 ? `; ${counted(missing, 'person', 'people')} without an image that can be read` : '';
  return `${counted(people, 'person', 'people')}${without}`;
}

/** Returns what is known about searches in a gallery of this size, as labels and values. */
function searchRows({ search }: SearchThreshold): [string, string][] {
  if (!search) return [];
  const { falseAlarms, falseAlarmsBound, isExtrapolated } = search;
  return [
    ...(falseAlarms === null
      ? []
      : [['false alarms', falseAlarmsText(falseAlarms, falseAlarmsBound)] as [string, string]]),
    ...(isExtrapolated
      ? [
          [
            'warning',
            'the gallery is larger than those that the model was measured for: its threshold is extrapolated. openset calibrate ' +
              '--gallery-size measures it',
          ] as [string, string],
        ]
      : []),
  ];
}

/** Describes the best match; its probability holds if half of the probes show somebody in the gallery. */
function resultText({ identity, candidates, reason, probability }: IdentifiedImage): string {
  if (reason !== null) return `unknown: ${reason}`;
  const [best] = candidates;
  const sure = probability === null ? '' : `, probability ${probabilityText(probability)}`;
  const nearest = best ? `${decimal(best.cosine, 3)}${sure}` : '';
  return identity === null
    ? `unknown (nearest: ${best?.identity ?? 'nobody'}, cosine ${nearest})`
    : `${identity} (cosine ${nearest})`;
}
