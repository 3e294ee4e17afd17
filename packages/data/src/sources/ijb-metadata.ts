import { DataError } from '@openset/core';
import type { ByteFile } from '../byte-file.ts';
import { Column } from './column.ts';
import { parseWhole, readLineBatches, shorten } from './text-lines.ts';

/** Which template and which medium each picture of IJB-B or IJB-C belongs to. */
export interface IjbMedia {
  /** File name of each picture. */
  readonly names: readonly string[];
  /** Template of each. */
  readonly templates: Int32Array;
  /** Medium of each: pictures of one video share it, and count as one when a template is pooled. */
  readonly media: Int32Array;
}

/** The pairs of templates that IJB's verification protocol compares. */
export interface IjbTemplatePairs {
  readonly first: Int32Array;
  readonly second: Int32Array;
  /** 1 for the same person, 0 for different ones. */
  readonly isSame: Uint8Array;
}

/** Where the face is in each picture of IJB-B or IJB-C. */
export interface IjbLandmarks {
  /** File name of each picture. */
  readonly names: readonly string[];
  /** `[pictures, 10]`, row-major: x and y, in pixels, of left eye, right eye, nose and the corners of the mouth. */
  readonly landmarks: Float32Array;
  /** How sure the detector was. */
  readonly scores: Float32Array;
}

/**
 * Reads `ijbb_face_tid_mid.txt` or `ijbc_face_tid_mid.txt`: lines of `name template medium`.
 *
 * Reference: InsightFace, `recognition/_evaluation_/ijb`.
 * @throws DataError for a line of another form, and for a file without any
 */
export async function readIjbMedia(file: ByteFile): Promise<IjbMedia> {
  const names: string[] = [];
  const templates = new Column((length) => new Int32Array(length));
  const media = new Column((length) => new Int32Array(length));
  await eachRow(file, 3, 'name template medium', ([name, template, medium], place) => {
    names.push(name as string);
    templates.push(parseWhole(template as string, place));
    media.push(parseWhole(medium as string, place));
  });
  return { names, templates: templates.toArray(), media: media.toArray() };
}

/**
 * Reads `ijbb_template_pair_label.txt` or `ijbc_template_pair_label.txt`: lines of `template template same`. IJB-C's
 * has 15,658,489.
 * @throws DataError for a line of another form, and for a file without any
 */
export async function readIjbTemplatePairs(file: ByteFile): Promise<IjbTemplatePairs> {
  const first = new Column((length) => new Int32Array(length));
  const second = new Column((length) => new Int32Array(length));
  const isSame = new Column((length) => new Uint8Array(length));
  await eachRow(file, 3, 'template template same', ([one, other, same], place) => {
    first.push(parseWhole(one as string, place));
    second.push(parseWhole(other as string, place));
    isSame.push(parseWhole(same as string, place, { maximum: 1 }));
  });
  return { first: first.toArray(), second: second.toArray(), isSame: isSame.toArray() };
}

/**
 * Reads `ijbb_name_5pts_score.txt` or `ijbc_name_5pts_score.txt`: lines of a name, ten coordinates and a score.
 * @throws DataError for a line of another form, and for a file without any
 */
export async function readIjbLandmarks(file: ByteFile): Promise<IjbLandmarks> {
  const names: string[] = [];
  const landmarks = new Column((length) => new Float32Array(length));
  const scores = new Column((length) => new Float32Array(length));
  await eachRow(file, 12, 'name, ten coordinates, score', ([name, ...numbers], place) => {
    names.push(name as string);
    const values = numbers.map(Number);
    const wrong = values.findIndex((value) => !Number.isFinite(value));
    if (wrong >= 0) throw new DataError(`${place}: '${shorten(numbers[wrong] as string)}' is no number.`);
    for (const value of values.slice(0, 10)) landmarks.push(value);
    scores.push(values[10] as number);
  });
  return { names, landmarks: landmarks.toArray(), scores: scores.toArray() };
}

async function eachRow(
  file: ByteFile,
  width: number,
  form: string,
  use: (fields: readonly string[], place: string) => void,
): Promise<void> {
  let isEmpty = true;
  for await (const { lines, firstNumber } of readLineBatches(file)) {
    lines.forEach((line, index) => {
      if (line.trim() === '') return;
      isEmpty = false;
      const fields = line.trim().split(/\s+/);
      const place = `${file.name}, line ${firstNumber + index}`;
      if (fields.length !== width) {
        throw new DataError(`${place}: expected '${form}' in ${width} fields, found '${shorten(line)}'.`);
      }
      use(fields, place);
    });
  }
  if (isEmpty) throw new DataError(`${file.name}: is empty; lines of '${form}' are expected.`);
}
