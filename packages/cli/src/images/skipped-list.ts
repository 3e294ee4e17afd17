import { decodeCsv, encodeCsv } from '../files/csv.ts';
import { pathStatus } from '../files/paths.ts';
import { readBytes } from '../files/read-file.ts';
import { writeAtomically } from '../files/write-file.ts';
import type { BadImage } from './bad-image.ts';

const header = ['path', 'reason'];

/** The list of skipped images in a file `skipped.csv`: a header `path,reason`, and a row for each image. */
export class SkippedList {
  readonly path: string;
  readonly #reasons = new Map<string, string>();
  #isCurrent = false;
  #isSaved = false;

  /** @param path of the file; nothing is written before `save` */
  constructor(path: string) {
    this.path = path;
  }

  /** Number of images. */
  get size(): number {
    return this.#reasons.size;
  }

  /** Whether the file was written. */
  get isSaved(): boolean {
    return this.#isSaved;
  }

  /** Adds the images of an earlier run to the list, if the file exists. */
  async load(): Promise<void> {
    if (!(await pathStatus(this.path))) return;
    const [, ...rows] = decodeCsv(new TextDecoder().decode(await readBytes(this.path)));
    this.add(rows.map(([path = '', reason = '']) => ({ path, reason })));
  }

  /** Adds images. */
  add(images: readonly BadImage[]): void {
    for (const { path, reason } of images) {
      if (this.#reasons.get(path) === reason) continue;
      this.#reasons.set(path, reason);
      this.#isCurrent = false;
    }
  }

  /** Writes the file if the list has changed since the last call. @throws DataError if it cannot be written */
  async save(): Promise<void> {
    if (this.#isCurrent) return;
    await writeAtomically(this.path, encodeCsv([header, ...this.#reasons]));
    this.#isCurrent = true;
    this.#isSaved = true;
  }
}
