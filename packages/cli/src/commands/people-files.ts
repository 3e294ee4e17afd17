import { createReadStream } from 'node:fs';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { DataError } from '@openset/core';
import { exportGallery, type FixedFacts, type GalleryCount, importGallery } from '@openset/gallery';
import { counted } from '../evaluation/texts.ts';
import { checkOutputFile } from '../files/check-output.ts';
import { inFile } from '../files/in-file.ts';
import { readLines, withLineFeeds, writeLines } from '../files/lines.ts';
import { missingPath, pathStatus } from '../files/paths.ts';
import { placeText } from '../gallery/gallery-place.ts';
import { createStore, openExistingStore, openStore, requireStorePlace } from '../gallery/open-gallery.ts';
import type { CommandResult } from '../output.ts';
import { isClosedPipe } from '../standard-streams.ts';
import type { PeopleOptions } from './people.ts';

/** Path that stands for standard output and standard input. */
export const standardStream = '-';

/** Options of `openset people export` and `openset people import`. */
export interface PeopleFileOptions extends PeopleOptions {
  /** Path of the file; `-` for standard output or input. */
  readonly file: string;
}

/** Result of `openset people export`. */
export interface ExportPeopleResult extends GalleryCount {
  /** Path of the gallery, or its address without the password. */
  readonly gallery: string;
  /** Path of the file; `-` for standard output. */
  readonly file: string;
}

/**
 * Writes a gallery as JSON lines, with everything that it keeps. A file appears completely or not at all.
 * @throws OpenSetError for a gallery or a file that cannot be used
 */
export async function exportPeople({
  gallery: given,
  file,
}: PeopleFileOptions): Promise<CommandResult<ExportPeopleResult>> {
  if (file !== standardStream) await checkOutputFile(file);
  const { gallery, where } = await openExistingStore(given, { readOnly: true });
  try {
    const count = { people: 0, embeddings: 0 };
    const lines = countPeople(exportGallery(gallery), count);
    if (file === standardStream) await printLines(lines);
    else await writeLines(file, lines);
    const to = file === standardStream ? '' : ` to ${file}`;
    return { data: { gallery: where, file, ...count }, text: `exported ${countText(count)}${to}` };
  } finally {
    await gallery.close();
  }
}

/** Passes the lines of an export on, and counts the people and embeddings in them. */
async function* countPeople(
  lines: AsyncIterable<string>,
  count: { people: number; embeddings: number },
): AsyncGenerator<string> {
  for await (const line of lines) {
    const { embeddings } = JSON.parse(line) as { readonly embeddings?: readonly unknown[] };
    if (embeddings) {
      count.people += 1;
      count.embeddings += embeddings.length;
    }
    yield line;
  }
}

/** Writes lines to standard output, as long as somebody reads them. */
async function printLines(lines: AsyncIterable<string>): Promise<void> {
  try {
    await pipeline(Readable.from(withLineFeeds(lines)), process.stdout, { end: false });
  } catch (error) {
    if (!isClosedPipe(error)) throw error;
  }
}

/** Result of `openset people import`. */
export interface ImportPeopleResult {
  /** Path of the gallery, or its address without the password. */
  readonly gallery: string;
  /** Path of the file; `-` for standard input. */
  readonly file: string;
  /** Number of people who were added. */
  readonly added: number;
  /** Number of their photos. */
  readonly embeddings: number;
  /** Number of people who were there already, with the same content. */
  readonly skipped: number;
  /** Whether there was no gallery before. */
  readonly isNew: boolean;
}

/**
 * Adds the people of a file that `exportPeople` wrote. Creates the gallery if there is none, with the model and the comparison of the
 * file.
 * @param input standard input, for `-`
 * @throws OpenSetError for a gallery or a file that cannot be used
 */
export async function importPeople(
  { gallery: given, file }: PeopleFileOptions,
  input: AsyncIterable<Uint8Array> = process.stdin,
): Promise<CommandResult<ImportPeopleResult>> {
  const place = await requireStorePlace(given);
  const where = placeText(place);
  if (file !== standardStream && !(await pathStatus(file))?.isFile()) throw missingPath(file, 'file');
  const name = file === standardStream ? 'standard input' : file;
  return inFile(name, async () => {
    const lines = readLines(file === standardStream ? input : createReadStream(file))[Symbol.asyncIterator]();
    const { value: first = '' } = await lines.next();
    const existing = await openStore(place);
    const gallery = existing ?? (await createStore(place, factsIn(first as string)));
    try {
      const counts = await importGallery(gallery, withFirst(first as string, lines), { where: `'${where}'` });
      const known = counts.skipped > 0 ? `, ${counts.skipped} were there already` : '';
      const added = countText({ people: counts.added, embeddings: counts.embeddings });
      return {
        data: { gallery: where, file, ...counts, isNew: existing === null },
        text: `imported ${added} into ${where}${existing ? '' : ' (new)'}${known}`,
      };
    } finally {
      await gallery.close();
    }
  });
}

/** Returns the facts in the first line of an export. @throws DataError if it is none */
function factsIn(line: string): FixedFacts {
  try {
    const { format, model, embeddingSize, crop, comparison } = JSON.parse(line) as FixedFacts & {
      readonly format: string;
    };
    if (format === 'openset-gallery') return { model, embeddingSize, crop, comparison };
  } catch {
    // The message below says what is expected.
  }
  throw new DataError("This is no exported gallery: 'openset people export' writes one.");
}

async function* withFirst(first: string, others: AsyncIterator<string>): AsyncGenerator<string> {
  yield first;
  yield* { [Symbol.asyncIterator]: () => others };
}

function countText({ people, embeddings }: GalleryCount): string {
  return `${counted(people, 'person', 'people')} with ${counted(embeddings, 'photo')}`;
}
