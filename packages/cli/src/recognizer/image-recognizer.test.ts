import { readFile, writeFile } from 'node:fs/promises';
import type { PixelImage } from '@openset/data';
import { encodeModel } from '@openset/verify';
import * as tf from '@tensorflow/tfjs-core';
import sharp from 'sharp';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { fakeFace, fakeTools } from '../__fixtures__/fake-faces.ts';
import { useModelFolder } from '../__fixtures__/model-folder.ts';
import { recordOutput } from '../__fixtures__/record-output.ts';
import { imageFileSource } from '../images/image-files.ts';
import { embedImages } from '../model/embed-images.ts';
import { type LoadedModel, loadModel, readingFor, readModel } from '../model/load-model.ts';
import { type ImageAnswer, type ImageRecognizerOptions, imageRecognizer } from './image-recognizer.ts';

const { at, common, image } = useModelFolder();
const crop = { kind: 'box', scale: 1 } as const;
let whole: LoadedModel;
let cropped: LoadedModel;
beforeAll(async () => {
  const { description, state } = await readModel(common.model);
  await writeFile(at('cropped.safetensors'), await encodeModel({ ...description, crop }, state));
  tf.dispose(state);
  whole = await loadModel(common.model);
  cropped = await loadModel(at('cropped.safetensors'));
});
afterAll(() => {
  whole.dispose();
  cropped.dispose();
});

/** Finds faces by the width of an image: none on 41 pixels, two on 80 (the left one scores less), otherwise a small one. */
const tools = fakeTools(({ width }: PixelImage) => {
  if (width === 41) return [];
  if (width === 80) return [fakeFace(40, 10, 40), fakeFace(2, 4, 22, { score: 0.6 })];
  return [fakeFace(4, 4, 15)];
});
const options: ImageRecognizerOptions = {
  ...{ limits: { pixels: 1e6, faces: 2 }, batch: { size: 4, wait: 0 }, decoding: {} },
  loadTools: async () => tools,
};
const all = { select: 'all' } as const;

function imageOf(answer: ImageAnswer) {
  if (!answer || !('image' in answer)) throw new Error(`no image: ${JSON.stringify(answer)}`);
  return answer.image;
}

const scene = (width: number, height: number) =>
  sharp(image(1, 1)).resize(width, height, { fit: 'fill' }).png().toBuffer();

it('recognises all faces from left to right', async () => {
  const found = imageOf(await imageRecognizer(cropped, options).recognize(await scene(80, 60), all));
  expect({ ...found, faces: found.faces.map(({ embedding, ...face }) => face) }).toEqual({
    width: 80,
    height: 60,
    faces: [
      { box: { x: 2, y: 4, width: 22, height: 22 }, score: 0.6, reason: null },
      { box: { x: 40, y: 10, width: 40, height: 40 }, score: 0.9, reason: null },
    ],
  });
  const [left, right] = found.faces.map(({ embedding }) => embedding!);
  expect(Math.hypot(...left!)).toBeCloseTo(1, 6);
  expect(left).toHaveLength(8);
  expect(left).not.toEqual(right);
});

it('recognises the largest face alone if that is enough', async () => {
  const recognizer = imageRecognizer(cropped, options);
  const bytes = await scene(80, 60);
  const [, right] = imageOf(await recognizer.recognize(bytes, all)).faces;
  const found = imageOf(await recognizer.recognize(bytes, { select: 'largest' })).faces;
  expect(found).toHaveLength(1);
  expect(found[0]!.box).toEqual(right!.box);
  found[0]!.embedding!.forEach((value, k) => {
    expect(value).toBeCloseTo(right!.embedding![k]!, 6);
  });
});

it('says why a small face is not recognised, and finds none where none is', async () => {
  const recognizer = imageRecognizer(cropped, options);
  const [small] = imageOf(await recognizer.recognize(await scene(50, 50), all)).faces;
  expect(small).toMatchObject({
    reason: 'its face has 15 × 15 pixels, too few to recognise (at least 20)',
    embedding: null,
  });
  expect(imageOf(await recognizer.recognize(await scene(41, 41), all)).faces).toEqual([]);
});

it('refuses more faces than the limit, unless only the largest is selected', async () => {
  const recognizer = imageRecognizer(cropped, { ...options, limits: { pixels: 1e6, faces: 1 } });
  const bytes = await scene(80, 60);
  expect(await recognizer.recognize(bytes, all)).toEqual({
    refused: 'too-many-faces',
    problem: 'The image has 2 faces, more than the limit of 1. Send a part of it.',
  });
  expect(imageOf(await recognizer.recognize(bytes, { select: 'largest' })).faces).toHaveLength(1);
});

it('takes images whole for a model without a crop, as openset embed, whatever else is in the batch', async () => {
  const paths = [0, 1, 2, 3].flatMap((person) => [image(person, 0), image(person, 1)]);
  const reading = { ...readingFor(whole, {}), featureCache: 'off' };
  const expected = await embedImages(whole.verifier, imageFileSource(paths), recordOutput(), reading);
  const recognizer = imageRecognizer(whole, options);
  const answers = await Promise.all(
    paths.map(async (path) => recognizer.recognize(await readFile(path), all)),
  );
  answers.forEach((answer, index) => {
    const { width, height, faces } = imageOf(answer);
    const embedding = expected.row(index);
    expect({ width, height }).toEqual({ width: 24, height: 24 });
    expect(faces).toEqual([{ box: null, score: null, reason: null, embedding: expect.any(Float32Array) }]);
    faces[0]!.embedding!.forEach((value, k) => {
      expect(Math.abs(value - embedding[k]!)).toBeLessThan(1e-6);
    });
  });
});

it('crops or takes whole as the request says, and reports the upright size', async () => {
  const onSide = await sharp(await scene(60, 80))
    .jpeg()
    .withMetadata({ orientation: 6 })
    .toBuffer();
  const taken = imageOf(await imageRecognizer(cropped, options).recognize(onSide, { ...all, align: false }));
  expect(taken).toMatchObject({ width: 80, height: 60, faces: [{ box: null }] });
  const found = imageOf(await imageRecognizer(whole, options).recognize(onSide, { ...all, align: true }));
  expect(found).toMatchObject({ width: 80, height: 60 });
  expect(found.faces).toHaveLength(2);
});

it('refuses damaged files and those that are too large, without their data in the message', async () => {
  const recognizer = imageRecognizer(cropped, options);
  const bytes = await scene(80, 60);
  const damaged = await recognizer.recognize(bytes.subarray(0, bytes.length - 40), all);
  expect(damaged).toEqual({
    refused: 'damaged',
    problem: 'Cannot decode the image: the PNG file is truncated.',
  });
  expect(await recognizer.recognize(await scene(2000, 501), all)).toMatchObject({
    refused: 'too-many-pixels',
  });
  expect(await recognizer.recognize(Buffer.from('<svg></svg>    '), all)).toMatchObject({
    refused: 'not-an-image',
  });
});

it('drops an image that nobody waits for before it is decoded', async () => {
  const request = { ...all, isDropped: () => true };
  expect(await imageRecognizer(cropped, options).recognize(await scene(80, 60), request)).toBe(null);
});

it('passes on that the detector is missing: the image is not at fault', async () => {
  const failing = {
    ...options,
    loadTools: async () => {
      throw new TypeError('no detector');
    },
  };
  const recognized = imageRecognizer(cropped, failing).recognize(await scene(80, 60), all);
  await expect(recognized).rejects.toThrow('no detector');
});

it('keeps no tensor over 200 images', async () => {
  const recognizer = imageRecognizer(cropped, options);
  const bytes = await scene(80, 60);
  await recognizer.recognize(bytes, all);
  const before = tf.memory().numTensors;
  for (let round = 0; round < 20; round++) {
    await Promise.all(Array.from({ length: 10 }, () => recognizer.recognize(bytes, all)));
  }
  expect(tf.memory().numTensors).toBe(before);
});
