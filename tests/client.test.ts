import { OpensetClient, ServiceError } from '@openset/client';
import { expect, it } from 'vitest';
import { fakeImage } from '../packages/server/src/__fixtures__/fake-recognizer.ts';
import { startFake } from '../packages/server/src/__fixtures__/start.ts';
import { createKey, findKey } from '../packages/server/src/limits/api-keys.ts';

it('every method of the client works with the service', async ({ onTestFinished }) => {
  const admin = createKey({ name: 'admin', scopes: ['admin'] });
  const keys = { find: async (key: string) => findKey([admin.record], key) };
  const { server } = await startFake({ keys });
  onTestFinished(() => server.close());
  const url = await server.listen({ port: 0 });
  const client = new OpensetClient({ url, key: admin.key });
  const photo = (...faces: (number | string)[]) => new Blob([fakeImage(...faces)]);

  const file = new File([fakeImage(0)], 'ada.jpg');
  const { person, isNew, photos, refused } = await client.enroll('Ada', [file, photo('blurred')], {
    metadata: { team: 'A' },
  });
  expect([
    isNew,
    photos.map(({ source }) => source),
    refused.map(({ index, reason }) => [index, reason]),
  ]).toEqual([true, ['ada.jpg'], [[1, 'blurred']]]);
  const added = await client.addPhotos(person.id, [new Uint8Array(fakeImage(4))]);
  expect([added.person.photoCount, added.photos[0]?.source]).toEqual([2, null]);
  expect((await client.photos(person.id)).map(({ id }) => id)).toEqual([photos[0]!.id, added.photos[0]!.id]);
  await client.removePhoto(person.id, added.photos[0]!.id);

  expect((await client.verify(photo(0), photo(10))).same).toBe(true);
  expect((await client.verify(photo(0), photo(10), { threshold: 0.999 })).same).toBe(false);
  const { faces } = await client.identify(photo(3, 90), { candidates: 1 });
  expect(faces.map((face) => face.person?.name ?? 'unknown')).toEqual(['Ada', 'unknown']);
  expect((await client.embed(photo(0), { select: 'largest' })).faces[0]?.embedding).toEqual([1, 0, 0, 0]);

  expect(await client.updatePerson(person.id, { name: 'Ada Lovelace' })).toEqual(
    await client.person(person.id),
  );
  const names = [];
  for await (const { name } of client.people()) names.push(name);
  expect(names).toEqual(['Ada Lovelace']);

  expect((await client.model()).gallery).toEqual({ people: 1, embeddings: 1 });
  expect((await client.setOperatingPoint({ threshold: 0.95 })).source).toBe('operating-point');
  await client.resetOperatingPoint();
  expect((await client.operatingPoints()).current.source).toBe('calibrated');

  await client.removePerson(person.id);
  await expect(client.person(person.id)).rejects.toMatchObject({ status: 404, code: 'not-found' });
  await expect(new OpensetClient({ url }).model()).rejects.toThrow(ServiceError);
});
