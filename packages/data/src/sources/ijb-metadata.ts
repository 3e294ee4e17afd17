import { DataError } from '@openset/core';
import type { ByteFile } from '../byte-file.ts';
import { GrowingArray } from './growing-array.ts';
import { parseInteger, readLineBatches, shorten } from './text-lines.ts';

/** The template and the medium of each image of IJB-B or IJB-C. */
export interface IjbMedia {
  /** File name of each image. */
  readonly names: readonly string[];
  /** Template of each image. */
  readonly templates: Int32Array;
  /** Medium of each image. Images of one video share a medium, which counts once when a template is pooled. */
  readonly media: Int32Array;
}

/** The pairs of templates that IJB's verification protocol compares. */
export interface IjbTemplatePairs {
  /** First template of each pair. */
  readonly first: Int32Array;
  /** Second template of each pair. */
  readonly second: Int32Array;
  /** 1 for the same person, 0 for different people. */
  readonly isSame: Uint8Array;
}

/** Facial landmarks of each image of IJB-B or IJB-C. */
export interface IjbLandmarks {
  /** File name of each image. */
  readonly names: readonly string[];
  /** `[images, 10]`, row-major: x and y, in pixels, of left eye, right eye, nose, left and right corner of the mouth. */
  readonly landmarks: Float32Array;
  /** Confidence of the detector. */
  readonly scores: Float32Array;
}

/**
 * Reads `ijbb_face_tid_mid.txt` or `ijbc_face_tid_mid.txt`: lines of `name template medium`.
 *
 * Reference: InsightFace, `recognition/_evaluation_/ijb`.
 * @throws DataError for a malformed line or an empty file
 */
export async function readIjbMedia(file: ByteFile): Promise<IjbMedia> {
  const names: string[] = [];
  const templates = new GrowingArray((length) => new Int32Array(length));
  const media = new GrowingArray((length) => new Int32Array(length));
  await forEachRow(file, 3, 'name template medium', ([name, template, medium], location) => {
    names.push(name as string);
    templates.push(parseInteger(template as string, location));
    media.push(parseInteger(medium as string, location));
  });
  return { names, templates: templates.toArray(), media: media.toArray() };
}

/**
 * Reads `ijbb_template_pair_label.txt` or `ijbc_template_pair_label.txt`: lines of `template template same`. The file of
 * IJB-C has 15,658,489 lines.
 * @throws DataError for a malformed line or an empty file
 */
export async function readIjbTemplatePairs(file: ByteFile): Promise<IjbTemplatePairs> {
  const first = new GrowingArray((length) => new Int32Array(length));
  const second = new GrowingArray((length) => new Int32Array(length));
  const isSame = new GrowingArray((length) => new Uint8Array(length));
  await forEachRow(file, 3, 'template template same', ([one, other, same], location) => {
    first.push(parseInteger(one as string, location));
    second.push(parseInteger(other as string, location));
    isSame.push(parseInteger(same as string, location, { maximum: 1 }));
  });
  return { first: first.toArray(), second: second.toArray(), isSame: isSame.toArray() };
}

/**
 * Reads `ijbb_name_5pts_score.txt` or `ijbc_name_5pts_score.txt`: lines of a name, ten coordinates and a score.
 * @throws DataError for a malformed line or an empty file
 */
export async function readIjbLandmarks(file: ByteFile): Promise<IjbLandmarks> {
  const names: string[] = [];
  const landmarks = new GrowingArray((length) => new Float32Array(length));
  const scores = new GrowingArray((length) => new Float32Array(length));
  await forEachRow(file, 12, 'name, ten coordinates, score', ([name, ...numbers], location) => {
    names.push(name as string);
    const values = numbers.map(Number);
    const wrong = values.findIndex((value) => !Number.isFinite(value));
    if (wrong >= 0)
      throw new DataError(`${location}: '${shorten(numbers[wrong] as string)}' is not a finite number.`);
    for (const value of values.slice(0, 10)) landmarks.push(value);
    scores.push(values[10] as number);
  });
  return { names, landmarks: landmarks.toArray(), scores: scores.toArray() };
}

async function forEachRow(
  file: ByteFile,
  width: number,
  form: string,
  use: (fields: readonly string[], location: string) => void,
): Promise<void> {
  let isEmpty = true;
  for await (const { lines, firstNumber } of readLineBatches(file)) {
    lines.forEach((line, index) => {
      if (line.trim() === '') return;
      isEmpty = false;
      const fields = line.trim().split(/\s+/);
      const location = `${file.name}, line ${firstNumber + index}`;
      if (fields.length !== width) {
        throw new DataError(`${location}: expected '${form}' in ${width} fields, found '${shorten(line)}'.`);
      }
      use(fields, location);
    });
  }
  if (isEmpty) throw new DataError(`${file.name}: the file is empty; expected lines of '${form}'.`);
}
