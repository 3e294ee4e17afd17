import type { InjectOptions } from 'fastify';
import { expect, it } from 'vitest';
import { fakeImage } from '../__fixtures__/fake-recognizer.ts';
import { form, startFake } from '../__fixtures__/start.ts';

const base64 = (...faces: (number | string)[]) => fakeImage(...faces).toString('base64');

async function start() {
  const fake = await startFake();
  const send = async (method: InjectOptions['method'], url: string, payload?: object) => {
    const response = await fake.app.inject({ method: method!, url, ...(payload && { payload }) });
    return { status: response.statusCode, body: response.body === '' ? null : response.json() };
  };
  return { ...fake, send };
}

it('enrolls, lists, changes and removes a person', async () => {
  const { app, send, gallery } = await start();
  const parts = form(
    ['name', 'Ada'],
    ['metadata', '{"team": "A"}'],
    ['images', fakeImage(0), 'ada-1.jpg'],
    ['images', fakeImage(5), 'ada-2.jpg'],
  );
  const created = await app.inject({ method: 'POST', url: '/v1/people', ...parts });
  expect(created.statusCode).toBe(201);
  const { person, isNew, photos, refused } = created.json();
  expect(person).toMatchObject({ name: 'Ada', metadata: { team: 'A' }, photoCount: 2 });
  expect([isNew, refused]).toEqual([true, []]);
  expect(photos.map(({ source }: { source: string }) => source)).toEqual(['ada-1.jpg', 'ada-2.jpg']);

  // A second enrollment under the name adds photos, and keeps the metadata.
  const added = await send('POST', '/v1/people', { name: 'Ada', images: [base64(3)] });
  expect([added.status, added.body.isNew, added.body.person.id]).toEqual([200, false, person.id]);
  const more = await send('POST', `/v1/people/${person.id}/photos`, { images: [base64(4)] });
  expect([more.status, more.body.person.photoCount, more.body.person.metadata]).toEqual([
    200,
    4,
    { team: 'A' },
  ]);

  const list = await send('GET', `/v1/people/${person.id}/photos`);
  expect(list.body.photos.map(({ id }: { id: string }) => id).slice(0, 2)).toEqual(
    photos.map(({ id }: { id: string }) => id),
  );
  expect(await send('DELETE', `/v1/people/${person.id}/photos/${photos[0].id}`)).toEqual({
    status: 204,
    body: null,
  });
  expect((await send('DELETE', `/v1/people/${person.id}/photos/${photos[0].id}`)).status).toBe(404);

  const renamed = await send('PATCH', `/v1/people/${person.id}`, { name: 'Ada L', metadata: {} });
  expect(renamed.body).toEqual({ ...person, name: 'Ada L', metadata: {}, photoCount: 3 });
  expect((await send('GET', `/v1/people/${person.id}`)).body).toEqual(renamed.body);

  expect(await send('DELETE', `/v1/people/${person.id}`)).toEqual({ status: 204, body: null });
  expect((await send('DELETE', `/v1/people/${person.id}`)).status).toBe(404);
  expect(await gallery.count()).toEqual({ people: 0, embeddings: 0 });
});

it('lists people page by page', async () => {
  const { send, gallery } = await start();
  for (const name of ['Cy', 'Ada', 'Bob'])
    await gallery.enroll(name, [{ values: Float32Array.of(1, 0, 0, 0) }]);
  const first = (await send('GET', '/v1/people?limit=2')).body;
  expect(first.people.map(({ name }: { name: string }) => name)).toEqual(['Ada', 'Bob']);
  const second = (await send('GET', `/v1/people?limit=2&after=${first.next}`)).body;
  expect(second.people.map(({ name }: { name: string }) => name)).toEqual(['Cy']);
  expect(second.next).toBeNull();
  for (const query of [
    'after=%00',
    'limit=0',
    'limit=1001',
    'limit=x',
    'limit=1&limit=2',
    'limit=1e2',
    'page=1',
  ]) {
    expect((await send('GET', `/v1/people?${query}`)).status, query).toBe(400);
  }
});

it('enrolls the photos that it can, and says why it refused the others', async () => {
  const { app, send } = await start();
  const parts = form(
    ['name', 'Ada'],
    ['images', fakeImage(0), 'good.jpg'],
    ['images', fakeImage('too dark'), 'dark.jpg'],
    ['images', fakeImage(), 'empty.jpg'],
    ['images', fakeImage(0, 90), 'two.jpg'],
    ['images', Buffer.from('text'), 'text.txt'],
    // A face that cannot be recognised is no second person.
    ['images', fakeImage('too small', 0), 'background.jpg'],
  );
  const { photos, refused } = (await app.inject({ method: 'POST', url: '/v1/people', ...parts })).json();
  expect(photos.map(({ source }: { source: string }) => source)).toEqual(['good.jpg', 'background.jpg']);
  expect(refused.map(({ index, source, code, reason }: never) => [index, source, code, reason])).toEqual([
    [1, 'dark.jpg', 'no-face', 'too dark'],
    [2, 'empty.jpg', 'no-face', 'no face was found'],
    [
      3,
      'two.jpg',
      'several-faces',
      '2 faces can be recognised: crop the photo to one, or select the largest',
    ],
    [4, 'text.txt', 'not-an-image', 'The file is no image: send a JPEG.'],
  ]);
  expect(refused[3 - 1].faces).toHaveLength(2);

  const largest = await send('POST', '/v1/people', {
    name: 'Bob',
    images: [base64(90, 0)],
    select: 'largest',
  });
  expect(largest.status).toBe(201);
});

it('stores nothing if no photo can be enrolled, or the request is bad', async () => {
  const { send, gallery } = await start();
  const none = await send('POST', '/v1/people', { name: 'Ada', images: [base64('too dark'), base64()] });
  expect([none.status, none.body.error.code, none.body.error.details.refused.length]).toEqual([
    422,
    'no-face',
    2,
  ]);
  const bad = [
    { name: '   ', images: [base64(0)] },
    { name: 'a\u0000b', images: [base64(0)] },
    { name: 'x'.repeat(201), images: [base64(0)] },
    { name: 'Ada', images: [] },
    { name: 'Ada', images: Array(21).fill(base64(0)) },
    { name: 'Ada', images: [base64(0), 'no base64!'] },
    { name: 'Ada', images: [base64(0)], metadata: [1] },
    // Their mean has no direction.
    { name: 'Ada', images: [base64(0), base64(180)] },
    { name: null, images: [base64(0)] },
  ];
  for (const payload of bad) {
    const { status } = await send('POST', '/v1/people', payload);
    expect(status === 400 || status === 422, JSON.stringify(payload)).toBe(true);
  }
  expect(await gallery.count()).toEqual({ people: 0, embeddings: 0 });
});

it('answers 404 for people and photos that are not there, and 409 for a name that is taken', async () => {
  const { send, gallery } = await start();
  const { person } = await gallery.enroll('Ada', [{ values: Float32Array.of(1, 0, 0, 0) }]);
  await gallery.enroll('Bob', [{ values: Float32Array.of(0, 1, 0, 0) }]);
  const statuses = [
    await send('GET', '/v1/people/nobody'),
    await send('PATCH', '/v1/people/nobody', { name: 'Cy' }),
    await send('DELETE', '/v1/people/nobody'),
    await send('GET', '/v1/people/nobody/photos'),
    await send('POST', '/v1/people/nobody/photos', { images: [base64(0)] }),
    await send('DELETE', `/v1/people/${person.id}/photos/none`),
    await send('PATCH', `/v1/people/${person.id}`, { name: 'Bob' }),
    await send('PATCH', `/v1/people/${person.id}`, {}),
  ].map(({ status }) => status);
  expect(statuses).toEqual([404, 404, 404, 404, 404, 404, 409, 400]);
  // Some databases have no texts with such characters.
  for (const id of ['%00', 'a%00b', '%C3%A9']) {
    expect((await send('GET', `/v1/people/${id}`)).status, id).toBe(400);
    expect((await send('DELETE', `/v1/people/${id}/photos/${id}`)).status, id).toBe(400);
  }
});

it.each([
  "'; DROP TABLE people; --",
  '../../etc/passwd',
  '<script>alert(1)</script>',
  '"; $(rm -rf /)',
  '%00%2e%2e',
  '{{7*7}}',
  '\u202eADA',
  '👩‍🚀 Zoë',
  '__proto__',
  'constructor',
])('keeps the name %j as plain text', async (name) => {
  const { send } = await start();
  const created = await send('POST', '/v1/people', { name, images: [base64(0)], metadata: { key: name } });
  expect(created.body.person.name).toBe(name.normalize('NFC'));
  const { people } = (await send('GET', '/v1/people')).body;
  expect(people).toHaveLength(1);
  expect(people[0].name).toBe(name.normalize('NFC'));
  expect(people[0].metadata).toEqual({ key: name });
  const found = await send('POST', '/v1/identify', { image: base64(0) });
  expect(found.body.faces[0].person.name).toBe(name.normalize('NFC'));
});

it('enrolls concurrent requests under one name into one person', async () => {
  const { send } = await start();
  const answers = await Promise.all(
    Array.from({ length: 10 }, (_, index) =>
      send('POST', '/v1/people', { name: 'Ada', images: [base64(index)] }),
    ),
  );
  expect(answers.filter(({ status }) => status === 201)).toHaveLength(1);
  expect(new Set(answers.map(({ body }) => body.person.id)).size).toBe(1);
  const { people } = (await send('GET', '/v1/people')).body;
  expect(people[0].photoCount).toBe(10);
});

it('answers an enrollment only when the gallery has stored it', async () => {
  const { send, gallery } = await start();
  const { enroll } = gallery;
  let store = () => {};
  const stored = new Promise<void>((resolve) => {
    store = resolve;
  });
  gallery.enroll = async (...parameters) => {
    await stored;
    return enroll.apply(gallery, parameters);
  };
  let isAnswered = false;
  const answer = send('POST', '/v1/people', { name: 'Ada', images: [base64(0)] }).then((result) => {
    isAnswered = true;
    return result;
  });
  await new Promise((resolve) => setTimeout(resolve, 50));
  expect(isAnswered).toBe(false);
  store();
  expect((await answer).status).toBe(201);
});
