import { appendFile, mkdir, readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { ConfigError, DataError, type FaceCrop } from '@openset/core';
import type { FaceSelection } from '@openset/faces';
import { z } from 'zod';
import { checkOutputFolder } from '../files/check-output.ts';
import { describeFileError } from '../files/file-error.ts';
import { pathStatus } from '../files/paths.ts';
import { readBytes } from '../files/read-file.ts';
import { isTemporaryOf, removeTemporaries } from '../files/remove-temporaries.ts';
import { writeAtomically } from '../files/write-file.ts';
import type { Decoding } from '../images/image-reading.ts';

/** What determines the crops of a photo. */
export interface AlignSettings
  extends Required<Pick<Decoding, 'orientation'>>,
    Pick<Decoding, 'failOn' | 'maxPixels'> {
  /** How faces are cropped. */
  readonly crop: FaceCrop;
  /** Height and width of the crops in pixels. */
  readonly size: number;
  /** Which faces of a photo are cropped. */
  readonly select: FaceSelection;
  /** Least distance of the eyes in pixels of the photo. */
  readonly minSize: number;
  /** Least score of the detector. */
  readonly minScore: number;
  /** Least sharpness; 0 takes every face. */
  readonly minSharpness: number;
}

const boxSchema = z.object({ x: z.number(), y: z.number(), width: z.number(), height: z.number() });
const faceSchema = z.object({
  /** Path of the crop, relative to the folder of the crops. */
  file: z.string(),
  box: boxSchema,
  score: z.number(),
  sharpness: z.number(),
  eyeDistance: z.number(),
});
/** Kinds of reasons for which a photo or a face has no crop. */
export const rejectKinds = ['no face', 'too small', 'uncertain', 'blurred', 'unreadable'] as const;
const rejectSchema = z.object({ kind: z.enum(rejectKinds), reason: z.string() });
const photoSchema = z.object({
  name: z.string(),
  hash: z.string().nullable(),
  faces: z.array(faceSchema).readonly(),
  rejects: z.array(rejectSchema).readonly(),
});

/** A crop. */
export type AlignedFace = z.output<typeof faceSchema>;
/** Why a photo, or one of its faces, has no crop. */
export type Reject = z.output<typeof rejectSchema>;
/** What became of a photo. */
export type AlignedPhoto = z.output<typeof photoSchema>;

/** Files of the command in the folder of the crops, which are no crops. */
const summaryFiles = ['align.jsonl', 'contact-sheet.html', 'crops.csv', 'rejects.csv'];

/** Version of the journal. */
const version = 1;

/**
 * The journal of a folder of crops, `align.jsonl`: a line for the settings, and one for each photo when its crops are written. An
 * interrupted command resumes from it.
 */
export class AlignJournal {
  readonly #path: string;
  readonly #photos: Map<string, AlignedPhoto>;

  private constructor(path: string, photos: Map<string, AlignedPhoto>) {
    this.#path = path;
    this.#photos = photos;
  }

  /**
   * Opens the journal of a folder. Creates both if they do not exist. Removes what a command left that was killed while it wrote.
   * Other settings start a new journal if the folder has no crops: nothing was found with the earlier ones.
   * @throws ConfigError for a folder with other files, or with crops of other settings; DataError if it cannot be written
   */
  static async open(folder: string, settings: AlignSettings): Promise<AlignJournal> {
    const path = join(folder, 'align.jsonl');
    await checkOutputFolder(folder);
    if (!(await pathStatus(path))) {
      const names: string[] = await readdir(folder).catch(() => []);
      if (!names.every((name) => isTemporaryOf(name, 'align.jsonl'))) {
        throw new ConfigError(
          `'${folder}' is not empty and has no align.jsonl of an earlier alignment. Choose another folder with --out.`,
        );
      }
      await mkdir(folder, { recursive: true });
      await removeTemporaries(folder);
      await writeAtomically(path, headerLine(settings));
      return new AlignJournal(path, new Map());
    }
    const [header = '', ...lines] = new TextDecoder().decode(await readBytes(path)).split('\n');
    const isSame = `${header}\n` === headerLine(settings);
    if (!isSame && (await hasCrops(folder))) throw otherSettings(folder, header, settings);
    await removeTemporaries(folder);
    const photos = new Map<string, AlignedPhoto>();
    for (const line of isSame ? lines : []) {
      const photo = parsePhoto(line);
      if (photo) photos.set(photo.name, photo);
    }
    // A line that was cut short would swallow the next one.
    const kept = [...photos.values()].map((photo) => `${JSON.stringify(photo)}\n`);
    await writeAtomically(path, [headerLine(settings), ...kept].join(''));
    return new AlignJournal(path, photos);
  }

  /** Returns what became of a photo earlier. */
  find(name: string): AlignedPhoto | undefined {
    return this.#photos.get(name);
  }

  /** Names of all photos of the journal. */
  names(): Iterable<string> {
    return this.#photos.keys();
  }

  /** Adds a photo whose crops are written. */
  async add(photo: AlignedPhoto): Promise<void> {
    try {
      await appendFile(this.#path, `${JSON.stringify(photo)}\n`);
    } catch (error) {
      const reason = describeFileError(error) ?? (error as Error).message;
      throw new DataError(`'${this.#path}' cannot be written: ${reason}.`, { cause: error });
    }
    this.#photos.set(photo.name, photo);
  }
}

/** Whether a folder of crops has any, or another file of the user. */
async function hasCrops(folder: string): Promise<boolean> {
  const names = await readdir(folder);
  return names.some((name) => !summaryFiles.some((file) => name === file || isTemporaryOf(name, file)));
}

function headerLine(settings: AlignSettings): string {
  return `${JSON.stringify({ version, ...sorted(settings) })}\n`;
}

/** Orders the settings, so that equal ones have equal lines. */
function sorted(settings: AlignSettings): object {
  const given = Object.entries(settings).filter(([, value]) => value !== undefined);
  return Object.fromEntries(given.sort(([first], [second]) => (first < second ? -1 : 1)));
}

/** Returns null for a line that was cut short. */
function parsePhoto(line: string): AlignedPhoto | null {
  try {
    return photoSchema.parse(JSON.parse(line));
  } catch {
    return null;
  }
}

function otherSettings(folder: string, header: string, settings: AlignSettings): ConfigError {
  let stored: Readonly<Record<string, unknown>> = {};
  try {
    stored = JSON.parse(header) as typeof stored;
  } catch {}
  const now = { version, ...settings } as Readonly<Record<string, unknown>>;
  const differences = [...new Set([...Object.keys(stored), ...Object.keys(now)])]
    .filter((key) => JSON.stringify(stored[key]) !== JSON.stringify(now[key]))
    .map((key) => `${key} was ${JSON.stringify(stored[key])} and is ${JSON.stringify(now[key])}`);
  return new ConfigError(
    `'${folder}' has crops with other settings: ${differences.join(', ')}. Choose another folder with --out, or use the ` +
      'settings of the crops.',
  );
}
