import { describe, expect, it } from 'vitest';
import { fakeImage } from '../__fixtures__/fake-recognizer.ts';
import { form, startFake } from '../__fixtures__/start.ts';

const base64 = (...faces: (number | string)[]) => fakeImage(...faces).toString('base64');
const boxAt = (index: number) => ({ x: 10 + 100 * index, y: 20, width: 80, height: 90 });

describe('POST /v1/verify', () => {
  it('compares two images of a form, and of JSON', async () => {
    const { app } = await startFake();
    const url = '/v1/verify';
    const asForm = await app.inject({
      method: 'POST',
      url,
      ...form(['first', fakeImage(0)], ['second', fakeImage(30)]),
    });
    const payload = { first: base64(0), second: `data:image/jpeg;base64,${base64(30)}` };
    const asJson = await app.inject({ method: 'POST', url, payload });
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
    const face = { box: boxAt(0), score: 0.99, reason: null };
    expect(answer.first).toEqual({ width: 640, height: 480, face, faceCount: 1 });
  });

  it('takes a threshold, also as the text of a form', async () => {
    const { app } = await startFake();
    const url = '/v1/verify';
    const parts = form(['first', fakeImage(0)], ['second', fakeImage(30)], ['threshold', '0.9']);
    const { same, threshold } = (await app.inject({ method: 'POST', url, ...parts })).json();
    expect([same, threshold.threshold, threshold.source, threshold.question]).toEqual([
      false,
      0.9,
      'request',
      null,
    ]);
  });

  it('says which image has no face, and why', async () => {
    const { app } = await startFake();
    const payload = { first: base64(0), second: base64('the face is too small') };
    const response = await app.inject({ method: 'POST', url: '/v1/verify', payload });
    expect(response.statusCode).toBe(422);
    expect(response.json().error).toEqual({
      code: 'no-face',
      message: "The image 'second' cannot be compared: the face is too small.",
      details: { image: 'second', faces: [{ box: boxAt(0), score: 0.5, reason: 'the face is too small' }] },
    });
  });
});

describe('POST /v1/identify', () => {
  it('finds the person of each face, unknown people, and why a face was refused', async () => {
    const { app, gallery } = await startFake();
    const { person } = await gallery.enroll('Ada', [{ values: Float32Array.of(1, 0, 0, 0) }]);
    await gallery.enroll('Bob', [{ values: Float32Array.of(0, 1, 0, 0) }]);
    const payload = { image: base64(5, 45, 'blurred'), candidates: 1 };
    const answer = (await app.inject({ method: 'POST', url: '/v1/identify', payload })).json();
    expect(answer).toMatchObject({ width: 640, height: 480, people: 2 });
    expect(answer.threshold.threshold).toBeCloseTo(0.8 + (0.1 * Math.log(2)) / Math.log(100), 12);
    expect(answer.threshold).toMatchObject({
      question: { kind: 'gallery', size: 2 },
      falseAlarms: 0.01,
      isExtrapolated: false,
    });
    const [ada, stranger, refused] = answer.faces;
    expect(ada.person).toEqual({ id: person.id, name: 'Ada' });
    expect(ada.cosine).toBeCloseTo(Math.cos((5 * Math.PI) / 180), 6);
    expect(ada.candidates).toEqual([{ id: person.id, name: 'Ada', cosine: ada.cosine }]);
    expect(ada.probability).toBeGreaterThan(0.9);
    expect(stranger.person).toBeNull();
    expect(stranger.cosine).toBeCloseTo(Math.SQRT1_2, 6);
    expect(stranger.candidates).toHaveLength(1);
    expect(refused).toEqual({
      box: boxAt(2),
      score: 0.5,
      reason: 'blurred',
      person: null,
      cosine: null,
      probability: null,
      candidates: [],
    });
  });

  it('answers for an empty gallery, an image without faces, and the largest face only', async () => {
    const { app } = await startFake();
    const identify = async (payload: object) =>
      (await app.inject({ method: 'POST', url: '/v1/identify', payload })).json();
    const [face] = (await identify({ image: base64(0) })).faces;
    expect([face.person, face.cosine, face.candidates]).toEqual([null, null, []]);
    expect((await identify({ image: base64() })).faces).toEqual([]);
    expect((await identify({ image: base64(0, 1), select: 'largest' })).faces).toHaveLength(1);
  });

  it('decides with the operating point of the gallery, and the threshold of the request before it', async () => {
    const { app, gallery } = await startFake();
    await gallery.enroll('Ada', [{ values: Float32Array.of(1, 0, 0, 0) }]);
    await gallery.setOperatingPoint({
      threshold: 0.999,
      question: { kind: 'gallery', size: 1, rate: 0.001 },
    });
    const identify = async (payload: object) =>
      (await app.inject({ method: 'POST', url: '/v1/identify', payload })).json();
    const chosen = await identify({ image: base64(5) });
    expect(chosen.faces[0].person).toBeNull();
    expect(chosen.threshold).toMatchObject({
      threshold: 0.999,
      source: 'operating-point',
      falseAlarms: 0.001,
    });
    const requested = await identify({ image: base64(5), threshold: 0.5 });
    expect(requested.faces[0].person.name).toBe('Ada');
    expect(requested.threshold).toMatchObject({ threshold: 0.5, source: 'request', falseAlarms: null });
  });
});

it('POST /v1/embed returns embeddings with the fingerprint of their model', async () => {
  const { app, recognizer } = await startFake();
  const response = await app.inject({
    method: 'POST',
    url: '/v1/embed',
    ...form(['image', fakeImage(0, 'blurred')]),
  });
  const { fingerprint, faces } = response.json();
  expect(fingerprint).toBe(recognizer.model.fingerprint);
  expect(faces[0]).toEqual({ box: boxAt(0), score: 0.99, reason: null, embedding: [1, 0, 0, 0] });
  expect(faces[1]).toMatchObject({ reason: 'blurred', embedding: null });
});

describe('images', () => {
  it('have buffers of their own, which can move to another thread', async () => {
    const { app, recognizer } = await startFake();
    const seen: Uint8Array[] = [];
    const { recognize } = recognizer;
    recognizer.recognize = (image, options) => {
      seen.push(image);
      return recognize.call(recognizer, image, options);
    };
    await app.inject({ method: 'POST', url: '/v1/embed', ...form(['image', fakeImage(0)]) });
    await app.inject({ method: 'POST', url: '/v1/embed', payload: { image: base64(0) } });
    expect(seen.map(({ byteLength }) => byteLength)).toEqual([fakeImage(0).length, fakeImage(0).length]);
    expect(seen.map(({ buffer }) => buffer.byteLength)).toEqual([fakeImage(0).length, fakeImage(0).length]);
  });

  it.each([
    ['no base64', { image: 'photo.jpg' }, 400, 'invalid-request'],
    ['empty', { image: '' }, 400, 'invalid-request'],
    ['a data URL without data', { image: 'data:image/png;base64,' }, 400, 'invalid-request'],
    ['no image', { image: Buffer.from('text').toString('base64') }, 422, 'not-an-image'],
    ['damaged', { image: Buffer.from('FAKE [').toString('base64') }, 422, 'damaged'],
    ['missing', {}, 400, 'invalid-request'],
    ['of an unknown option', { image: base64(0), treshold: 1 }, 400, 'invalid-request'],
    ['with a threshold that is null, not 0', { image: base64(0), threshold: null }, 400, 'invalid-request'],
    ['with 101 candidates', { image: base64(0), candidates: 101 }, 400, 'invalid-request'],
    ['a list', [base64(0)], 400, 'invalid-request'],
  ])('that are %s are refused', async (_, payload, status, code) => {
    const { app } = await startFake();
    const response = await app.inject({ method: 'POST', url: '/v1/identify', payload });
    expect([response.statusCode, response.json().error.code]).toEqual([status, code]);
  });

  it('come as a form or as JSON', async () => {
    const { app } = await startFake();
    const post = (payload: string | undefined, headers: Record<string, string>) =>
      app.inject({ method: 'POST', url: '/v1/embed', headers, ...(payload !== undefined && { payload }) });
    const statuses = [
      await post('x', { 'content-type': 'image/jpeg' }),
      await post('x', { 'content-type': 'text/plain' }),
      await post(undefined, {}),
      await post('{"image": ', { 'content-type': 'application/json' }),
      await post('{"__proto__": {"image": ""}}', { 'content-type': 'application/json' }),
      await post('--x\r\n', { 'content-type': 'multipart/form-data; boundary=x' }),
      await post('x', { 'content-type': 'multipart/form-data' }),
    ].map(({ statusCode }) => statusCode);
    expect(statuses).toEqual([415, 415, 415, 400, 400, 400, 400]);
  });
});
