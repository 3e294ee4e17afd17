import { DataError } from '@openset/core';
import { MemoryGallery } from '@openset/gallery';
import { describe, expect, it } from 'vitest';
import { embeddingSize, FakeRecognizer, fakeImage } from './__fixtures__/fake-recognizer.ts';
import { form, startFake } from './__fixtures__/start.ts';
import { createServer } from './create-server.ts';

const base64 = (...faces: (number | string)[]) => fakeImage(...faces).toString('base64');

describe('POST /v1/verify', () => {
  it('compares two images of a form, and of JSON', async () => {
    const { app } = await startFake();
    const asForm = await app.inject({
      method: 'POST',
      url: '/v1/verify',
      ...form(['first', fakeImage(0)], ['second', fakeImage(30)]),
    });
    const asJson = await app.inject({
      method: 'POST',
      url: '/v1/verify',
      payload: { first: base64(0), second: `data:image/jpeg;base64,${base64(30)}` },
    });
    expect(asForm.statusCode).toBe(200);
    expect(asJson.json()).toEqual(asForm.json());
    const answer = asJson.json();
    expect(answer.same).toBe(true);
    expect(answer.cosine).toBeCloseTo(Math.cos(Math.PI / 6), 6);
    expect(answer.probability).toBeCloseTo(1 / (1 + Math.exp(-20 * answer.cosine + 15)), 9);
    expect(answer.threshold).toEqual({
      threshold: 0.8,
      source: 'calibrated',
      question: { kind: 'pair', odds: 1 },
      questionText: 'pairs of which half are the same person',
    });
    expect(answer.first).toEqual({
      width: 640,
      height: 480,
      face: { box: { x: 10, y: 20, width: 80, height: 90 }, score: 0.99, reason: null },
      faceCount: 1,
    });
  });
});

it('refuses a gallery of another model', async () => {
  const recognizer = new FakeRecognizer();
  const model = { name: 'other', fingerprint: 'a'.repeat(64) };
  const gallery = new MemoryGallery({ model, embeddingSize, crop: null, comparison: 'mean' });
  await expect(createServer({ recognizer, gallery })).rejects.toThrow(DataError);
});
