import { once } from 'node:events';
import { readFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { DataError } from '@openset/core';
import { type FixedFacts, MemoryGallery } from '@openset/gallery';
import { expect, it } from 'vitest';
import { useModelFolder } from '../__fixtures__/model-folder.ts';
import { createApiKey } from '../commands/keys.ts';
import { startService } from './start-service.ts';

const { at, common, image } = useModelFolder();
const inMemory = async (facts: FixedFacts) => new MemoryGallery(facts);

async function post(url: string, path: string, key?: string) {
  const body = new FormData();
  body.append('image', new Blob([await readFile(path)]), 'photo.png');
  return fetch(url, { method: 'POST', body, headers: key === undefined ? {} : { 'x-api-key': key } });
}

it('answers over HTTP with the embeddings of the recognizer, with keys, until it is closed', async () => {
  const keys = at('keys.json');
  const { data } = await createApiKey({ keys, name: 'test', scopes: ['admin'] });
  const service = await startService({ ...common, workers: 1, port: 0, keys, openGallery: inMemory });
  const { address, recognizer, gallery } = service;
  try {
    expect(service.keyCount).toBe(1);
    expect(gallery.facts.model).toEqual({
      name: common.model,
      fingerprint: recognizer.model.fingerprint,
    });
    const { faces } = await recognizer.recognize(await readFile(image(0, 0)));
    const answer = await post(`${address}/v1/embed`, image(0, 0), data.key);
    expect(answer.status).toBe(200);
    const { faces: shown } = (await answer.json()) as { faces: { embedding: number[] }[] };
    expect(Float32Array.from(shown[0]!.embedding)).toEqual(faces[0]!.embedding);
    expect((await post(`${address}/v1/embed`, image(0, 0))).status).toBe(401);
    const refused = await post(`${address}/v1/embed`, at('text.jpg'), data.key);
    expect(refused.status).toBe(422);
    expect(await refused.json()).toMatchObject({ error: { code: 'not-an-image' } });
  } finally {
    await service.close();
  }
  await expect(fetch(`${address}/healthz`)).rejects.toThrow();
  expect(recognizer.isReady).toBe(false);
  await expect(gallery.count()).rejects.toThrow();
});

it('leaves nothing running if it cannot start', async () => {
  const start = (options: object) =>
    startService({ ...common, workers: 1, port: 0, openGallery: inMemory, ...options });
  const galleries: MemoryGallery[] = [];
  const ofAnotherModel = async (facts: FixedFacts) => {
    const model = { name: 'other', fingerprint: '0'.repeat(64) };
    galleries.push(new MemoryGallery({ ...facts, model }));
    return galleries[0]!;
  };
  await expect(start({ openGallery: ofAnotherModel })).rejects.toThrow(DataError);
  await expect(galleries[0]!.count()).rejects.toThrow();

  const other = createServer().listen(0, '127.0.0.1');
  await once(other, 'listening');
  const { port } = other.address() as { port: number };
  await expect(start({ port })).rejects.toThrow('EADDRINUSE');
  other.close();
  await expect(start({ host: '0.0.0.0' })).rejects.toThrow('no API keys');
});
