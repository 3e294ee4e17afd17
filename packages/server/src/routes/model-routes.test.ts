import { expect, it } from 'vitest';
import { startFake } from '../__fixtures__/start.ts';

it('GET /v1/model tells the model, its gallery and the thresholds that decide', async () => {
  const { app, gallery, recognizer } = await startFake();
  await gallery.enroll('Ada', [
    { values: Float32Array.of(1, 0, 0, 0) },
    { values: Float32Array.of(1, 1, 0, 0) },
  ]);
  expect((await app.inject('/v1/model')).json()).toEqual({
    name: 'fake',
    fingerprint: recognizer.model.fingerprint,
    embeddingSize: 4,
    crop: 'images as they are',
    comparison: 'mean',
    gallery: { people: 1, embeddings: 2 },
    pairs: {
      threshold: 0.8,
      source: 'calibrated',
      question: { kind: 'pair', odds: 1 },
      questionText: 'pairs of which half are the same person',
    },
    search: {
      threshold: 0.8,
      source: 'calibrated',
      question: { kind: 'gallery', size: 1 },
      questionText: 'one person, or not',
      falseAlarms: 0.01,
      falseAlarmsBound: 0.02,
      isExtrapolated: false,
    },
  });
});

it('PUT /v1/operating-point chooses the threshold of the gallery, DELETE goes back', async () => {
  const { app, gallery } = await startFake();
  const url = '/v1/operating-point';
  const question = { kind: 'gallery', size: 10, rate: 0.001 };
  const chosen = await app.inject({ method: 'PUT', url, payload: { threshold: 0.95, question } });
  expect(chosen.json()).toMatchObject({
    threshold: 0.95,
    source: 'operating-point',
    question,
    falseAlarms: 0.001,
  });
  expect(gallery.facts.operatingPoint).toEqual({ threshold: 0.95, question });
  expect((await app.inject('/v1/operating-points')).json().current.threshold).toBe(0.95);
  for (const payload of [
    { threshold: 1.5 },
    { threshold: 'high' },
    {},
    { threshold: 0.5, question: { kind: 'far', rate: 2 } },
  ]) {
    expect((await app.inject({ method: 'PUT', url, payload })).statusCode).toBe(400);
  }
  expect((await app.inject({ method: 'DELETE', url })).statusCode).toBe(204);
  expect(gallery.facts.operatingPoint).toBeNull();
});
