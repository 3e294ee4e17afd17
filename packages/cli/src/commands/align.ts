import { isAbsolute, relative, resolve, sep } from 'node:path';
import { pathToFileURL } from 'node:url';
import { type BackboneConfig, ConfigError, checkNumber } from '@openset/core';
import * as tf from '@tensorflow/tfjs-core';
import {
  type AlignedPhoto,
  AlignJournal,
  type AlignSettings,
  type Reject,
  rejectKinds,
} from '../align/align-journal.ts';
import { alignPhotos } from '../align/align-photos.ts';
import { loadDetector } from '../align/align-settings.ts';
import { openPhotos, type Photos } from '../align/open-photos.ts';
import { inlineAligner } from '../align/photo-aligner.ts';
import { workerAligner } from '../align/worker-aligner.ts';
import { chooseWorkerCount } from '../align/worker-count.ts';
import { aligned, count, counted } from '../evaluation/texts.ts';
import { exitCodes } from '../exit-codes.ts';
import { defaultCrop } from '../faces/choose-alignment.ts';
import { usualMinimumScore } from '../faces/face-tools.ts';
import { encodeCsv } from '../files/csv.ts';
import { resolveLinks } from '../files/paths.ts';
import { writeAtomically } from '../files/write-file.ts';
import type { Decoding } from '../images/image-reading.ts';
import { readModel } from '../model/load-model.ts';
import type { CommandResult, Output } from '../output.ts';
import { type BackendChoice, startBackend } from '../start-backend.ts';

/** Options of `openset align`. Missing settings have the defaults of `readAlignSettings`. */
export interface AlignOptions extends BackendChoice, Partial<Omit<AlignSettings, 'orientation'>>, Decoding {
  /** Folders of photos, photos, or one list or record file. */
  readonly paths: readonly string[];
  /** Folder of the crops. */
  readonly out: string;
  /** Model whose crop and input size are used. */
  readonly for?: string | undefined;
  /** Number of photos that are searched at the same time; default: one for each core, as memory allows. */
  readonly workers?: number | undefined;
  /** Aborted to stop after the current photo. */
  readonly signal?: AbortSignal | undefined;
}

/** Result of `openset align`. */
export interface AlignResult {
  readonly out: string;
  /** Whether the signal stopped the command; the same command continues. */
  readonly stopped: boolean;
  /** Number of photos given. */
  readonly photos: number;
  /** Number of photos that were aligned by an earlier command and have not changed. */
  readonly kept: number;
  /** Number of photos with a crop. */
  readonly aligned: number;
  readonly crops: number;
  /** Number of photos without a crop. */
  readonly rejected: number;
  /** Number of rejected photos and faces by reason. */
  readonly reasons: Readonly<Partial<Record<Reject['kind'], number>>>;
  /** Path of the list of rejects. */
  readonly rejects: string;
  /** Path of the contact sheet. */
  readonly contactSheet: string;
  /** Path of the list of crops and people; null for photos in folders. */
  readonly list: string | null;
}

/** Eyes closer than this show too little of a face. */
const defaultMinSize = 12;
const defaultSide = 112;
/** Larger crops have more pixels than the faces of any photo, and take gigabytes of memory. */
const largestSide = 4096;

/**
 * Finds the faces of photos, crops them as recognition needs them, and writes the crops under the names of the photos.
 * @returns exit code 0 if there are crops, 1 if no photo has a face to crop, 130 if stopped
 * @throws OpenSetError for photos or an output folder that cannot be used; nothing is written then
 */
export async function align(options: AlignOptions, output: Output): Promise<CommandResult<AlignResult>> {
  const { out, signal } = options;
  await checkOutside(options.paths, out);
  // Reading a model needs a backend.
  const { name: backend } = await startBackend(options, output);
  const settings = await readAlignSettings(options);
  const photos = await openPhotos(options.paths, output);
  try {
    // Before the folder is created: the models may be missing.
    const tools = await loadDetector(settings);
    const workers = chooseWorkerCount({ ...options, backend, photos: photos.source.size });
    const journal = await AlignJournal.open(out, settings);
    const aligner = workers === 1 ? inlineAligner(settings, tools) : workerAligner(workers, settings);
    const { done, kept } = await alignPhotos(photos, { out, journal, aligner, output, signal }).finally(() =>
      aligner.close(),
    );
    const entries = photos.names.flatMap((name) => journal.find(name) ?? []);
    const files = await writeSummary(entries, photos, options, settings);
    noteGone(photos, journal, output);
    return describeResult(entries, photos, { ...options, ...files, done, kept });
  } finally {
    await photos.source.close();
  }
}

/**
 * Returns the settings with defaults: five points, the largest face, eyes 12 pixels apart, a score of 0.5, any sharpness, the size of
 * the model or 112 pixels.
 */
async function readAlignSettings(options: AlignOptions): Promise<AlignSettings> {
  const { crop, for: model, failOn, maxPixels } = options;
  if (model !== undefined && crop !== undefined) {
    throw new ConfigError('--for takes the crop of a model. Remove --crop or --for.');
  }
  checkNumber('--size', options.size ?? defaultSide, { minimum: 1, maximum: largestSide, integer: true });
  const wanted = model === undefined ? null : await cropOfModel(model);
  return {
    crop: wanted?.crop ?? crop ?? defaultCrop,
    size: options.size ?? wanted?.size ?? defaultSide,
    select: options.select ?? 'largest',
    minSize: options.minSize ?? defaultMinSize,
    minScore: options.minScore ?? usualMinimumScore,
    minSharpness: options.minSharpness ?? 0,
    orientation: options.orientation ?? wanted?.orientation ?? 'exif',
    ...(failOn === undefined ? {} : { failOn }),
    ...(maxPixels === undefined ? {} : { maxPixels }),
  };
}

/** @throws ConfigError for a model that states no crop */
async function cropOfModel(path: string) {
  const { description, state } = await readModel(path);
  tf.dispose(state);
  const { crop, orientation, backbone } = description;
  if (!crop) {
    throw new ConfigError(
      `'${path}' states no crop: it was trained on images as they are. Choose one with --crop.`,
    );
  }
  return { crop, orientation, size: longerSide(backbone) };
}

/** Returns the longer side of the images that a network takes; null if its configuration leaves it open. */
function longerSide(config: BackboneConfig): number | null {
  const { inputSize, inputShape } = config as { readonly inputSize?: unknown; readonly inputShape?: unknown };
  const given = Array.isArray(inputShape) ? inputShape.slice(0, 2) : [inputSize].flat();
  const sides = given.filter((side): side is number => typeof side === 'number');
  return sides.length > 0 ? Math.max(...sides) : null;
}

/** @throws ConfigError if crops would be among the photos, or photos among the crops, also through links */
async function checkOutside(paths: readonly string[], out: string): Promise<void> {
  const crops = await resolveLinks(out);
  for (const path of paths) {
    const photos = await resolveLinks(path);
    if (!isWithin(crops, photos) && !isWithin(photos, crops)) continue;
    throw new ConfigError(
      `The crops in '${out}' and the photos in '${path}' would mix. Choose a folder outside with --out.`,
    );
  }
}

/** Whether an absolute path is a folder or inside it. */
function isWithin(path: string, folder: string): boolean {
  const place = relative(folder, path);
  return place !== '..' && !place.startsWith(`..${sep}`) && !isAbsolute(place);
}

/** Writes the list of rejects, the contact sheet and, for photos of a list, the list of crops. */
async function writeSummary(
  entries: readonly AlignedPhoto[],
  { paths, names, people }: Photos,
  { out, paths: given }: AlignOptions,
  { size }: AlignSettings,
): Promise<{ readonly rejects: string; readonly contactSheet: string; readonly list: string | null }> {
  const rejects = `${out}/rejects.csv`;
  const sheet = `${out}/contact-sheet.html`;
  const rows = entries.flatMap((photo) => photo.rejects.map(({ reason }) => [photo.name, reason]));
  await writeAtomically(rejects, encodeCsv([['path', 'reason'], ...rows]));
  const files = new Map(names.map((name, index) => [name, paths[index]!]));
  const photoAddress = ({ name }: AlignedPhoto) => {
    const path = files.get(name);
    return path ? pathToFileURL(resolve(path)).href : null;
  };
  // Loaded here, because the package of reports also has plots.
  const { contactSheet } = await import('../align/contact-sheet.ts');
  await writeAtomically(
    sheet,
    contactSheet({ title: given.join(', '), photos: entries, size, photoAddress }),
  );
  if (!people) return { rejects, contactSheet: sheet, list: null };
  const persons = new Map(names.map((name, index) => [name, people[index]!]));
  const list = `${out}/crops.csv`;
  const crops = entries.flatMap(({ name, faces }) => faces.map(({ file }) => [file, persons.get(name)!]));
  await writeAtomically(list, encodeCsv([['path', 'label'], ...crops]));
  return { rejects, contactSheet: sheet, list };
}

/** Notes photos of earlier commands that are gone. Their crops stay: the command deletes nothing that it cannot make again. */
function noteGone({ names }: Photos, journal: AlignJournal, output: Output): void {
  const now = new Set(names);
  const gone = [...journal.names()].filter((name) => !now.has(name) && journal.find(name)!.faces.length > 0);
  if (gone.length === 0) return;
  output.note(
    `crops of ${counted(gone.length, 'photo')} that ${gone.length === 1 ? 'is' : 'are'} gone stay, such as '${gone[0]}'`,
  );
}

function describeResult(
  entries: readonly AlignedPhoto[],
  { source }: Photos,
  facts: AlignOptions &
    Pick<AlignResult, 'rejects' | 'contactSheet' | 'list' | 'kept'> & { readonly done: number },
): CommandResult<AlignResult> {
  const { out, rejects, contactSheet: sheet, list, kept, done } = facts;
  const isStopped = done < source.size;
  const crops = entries.reduce((sum, { faces }) => sum + faces.length, 0);
  const withCrop = entries.filter(({ faces }) => faces.length > 0).length;
  const rejected = entries.length - withCrop;
  const found = entries.flatMap((photo) => photo.rejects);
  const reasons = Object.fromEntries(
    rejectKinds
      .map((kind) => [kind, found.filter((reject) => reject.kind === kind).length] as const)
      .filter(([, number]) => number > 0),
  );
  const reasonText = Object.entries(reasons).map(([kind, number]) => `${kind} ${count(number)}`);
  const rows: [string, string][] = [
    ['crops', `${count(crops)} from ${counted(withCrop, 'photo')}, in ${out}`],
    ...(kept > 0 ? [['kept', `${counted(kept, 'photo')} of an earlier command`] as [string, string]] : []),
    ['rejected', `${counted(rejected, 'photo')}, reasons in ${rejects}`],
    ...(reasonText.length > 0 ? [['reasons', reasonText.join(', ')] as [string, string]] : []),
    ['contact sheet', sheet],
    ...(list === null ? [] : [['list', list] as [string, string]]),
    ...(isStopped
      ? [
          [
            'stopped',
            `after ${count(done)} of ${counted(source.size, 'photo')}; the same command continues`,
          ] as [string, string],
        ]
      : []),
  ];
  return {
    data: {
      ...{ out, stopped: isStopped, photos: source.size, kept, aligned: withCrop, crops, rejected },
      ...{ reasons, rejects, contactSheet: sheet, list },
    },
    text: aligned(rows),
    exitCode: isStopped ? exitCodes.interrupted : crops > 0 ? exitCodes.success : exitCodes.no,
  };
}
