import { ConfigError, WorkerError } from '@openset/core';
import { expect, it } from 'vitest';
import { fakeImage } from './__fixtures__/fake-recognizer.ts';
import { form, startFake } from './__fixtures__/start.ts';
import { createKey, findKey } from './limits/api-keys.ts';
import { loggerOptions } from './logging.ts';

it('logs what happened, without names, keys, images, embeddings and addresses', async () => {
  const lines: string[] = [];
  const admin = createKey({ name: 'reception-desk', scopes: ['admin'] });
  const { server, app, recognizer, gallery } = await startFake({
    keys: { find: async (key) => findKey([admin.record], key) },
    log: { level: 'debug', stream: { write: (line) => lines.push(line) } },
  });
  const address = await server.listen({ port: 0 });
  const headers = { authorization: `Bearer ${admin.key}` };
  const base64 = fakeImage(37).toString('base64');
  const send = (method: 'GET' | 'POST' | 'PATCH' | 'DELETE', url: string, payload?: object) =>
    app.inject({ method, url, headers, ...(payload && { payload }) });
  const parts = form(['name', 'Grace Hopper'], ['images', fakeImage(37), 'hopper-portrait.jpg']);
  const created = await app.inject({
    method: 'POST',
    url: '/v1/people',
    payload: parts.payload,
    headers: { ...parts.headers, ...headers },
  });
  const { person, photos } = created.json();
  await send('GET', '/v1/people?after=Grace%20Hopper');
  await send('POST', '/v1/identify', { image: base64 });
  const embedded = await send('POST', '/v1/embed', { image: base64 });
  await send('PATCH', `/v1/people/${person.id}`, {
    name: 'Grace Hopper',
    metadata: { telephone: '555-0100' },
  });
  await send('POST', '/v1/people', { name: 'Grace Hopper\u0000', images: [base64] });
  await send('POST', '/v1/people', { name: 'Grace Hopper', images: ['no image'], extra: 'Grace Hopper' });
  await send('GET', '/no/Grace-Hopper/page');
  await app.inject({ url: '/v1/model', headers: { 'x-api-key': 'openset_guess' } });
  const { enroll } = gallery;
  gallery.enroll = async (name) => {
    throw Object.assign(new Error(`duplicate key '${name}' (${base64})`), { code: 'ECORRUPT' });
  };
  expect((await send('POST', '/v1/people', { name: 'Grace Hopper', images: [base64] })).statusCode).toBe(500);
  gallery.enroll = enroll;
  recognizer.failure = new Error(`cannot read ${base64}`);
  await send('POST', '/v1/embed', { image: base64 });
  recognizer.failure = new WorkerError(`A thread died of ${base64}`);
  await send('POST', '/v1/embed', { image: base64 });
  await fetch(`${address}/v1/people?after=Grace`, { headers });
  await server.close();

  const log = lines.join('');
  const secrets = [
    ...[
      'Grace',
      'Hopper',
      'hopper-portrait',
      '555-0100',
      'reception-desk',
      'openset_guess',
      '127.0.0.1',
    ].filter(
      // The address that the service listens at is no secret; that of a client is.
      (secret) => secret !== '127.0.0.1',
    ),
    admin.key,
    admin.record.hash,
    base64,
    fakeImage(37).toString(),
    person.id,
    photos[0].id,
    ...embedded
      .json()
      .faces[0].embedding.filter((value: number) => value !== 0)
      .map((value: number) => String(value).slice(0, 8)),
  ];
  expect(secrets.filter((secret) => log.includes(secret))).toEqual([]);

  const requests = lines.map((line) => JSON.parse(line)).filter(({ msg }) => msg === 'request');
  expect(requests.map(({ method, route, status }) => `${method} ${route} ${status}`)).toEqual([
    'POST /v1/people 201',
    'GET /v1/people 200',
    'POST /v1/identify 200',
    'POST /v1/embed 200',
    'PATCH /v1/people/:id 200',
    'POST /v1/people 422',
    'POST /v1/people 400',
    'GET null 404',
    'GET /v1/model 401',
    'POST /v1/people 500',
    'POST /v1/embed 500',
    'POST /v1/embed 503',
    'GET /v1/people 200',
  ]);
  const failures = lines.map((line) => JSON.parse(line)).filter(({ msg }) => msg === 'request failed');
  expect(failures.map(({ type }) => type)).toEqual(['Error', 'Error', 'WorkerError']);
  const [failure] = failures;
  expect(failure).toMatchObject({
    type: 'Error',
    code: 'ECORRUPT',
    frames: expect.arrayContaining([expect.stringMatching(/^at /)]),
  });
  expect(requests.some(({ requestId }) => requestId === failure.requestId)).toBe(true);
});

it('refuses levels that would log headers', () => {
  expect(() => loggerOptions({ level: 'trace' as never })).toThrow(ConfigError);
});
