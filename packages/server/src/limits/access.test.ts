import { ConfigError } from '@openset/core';
import { describe, expect, it } from 'vitest';
import { fakeImage } from '../__fixtures__/fake-recognizer.ts';
import { startFake } from '../__fixtures__/start.ts';
import { type ApiKeys, createKey, findKey, type Scope } from './api-keys.ts';

const image = fakeImage(0).toString('base64');
const door = createKey({ name: 'door', scopes: ['read'] });
const desk = createKey({ name: 'desk', scopes: ['read', 'enroll'] });
const owner = createKey({ name: 'owner', scopes: ['admin'] });
const records = [door.record, desk.record, owner.record];
const keys: ApiKeys = { find: async (key) => findKey(records, key) };

/** Routes with the scope that each needs. */
const routes: [
  method: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE',
  url: string,
  scope: Scope,
  payload?: object,
][] = [
  ['POST', '/v1/verify', 'read', { first: image, second: image }],
  ['POST', '/v1/identify', 'read', { image }],
  ['POST', '/v1/embed', 'read', { image }],
  ['GET', '/v1/people', 'read'],
  ['GET', '/v1/people/x', 'read'],
  ['GET', '/v1/people/x/photos', 'read'],
  ['GET', '/v1/model', 'read'],
  ['GET', '/v1/operating-points', 'read'],
  ['GET', '/metrics', 'read'],
  ['POST', '/v1/people', 'enroll', { name: 'Ada', images: [image] }],
  ['PATCH', '/v1/people/x', 'enroll', { name: 'Bob' }],
  ['DELETE', '/v1/people/x', 'enroll'],
  ['POST', '/v1/people/x/photos', 'enroll', { images: [image] }],
  ['DELETE', '/v1/people/x/photos/y', 'enroll'],
  ['PUT', '/v1/operating-point', 'admin', { threshold: 0.9 }],
  ['DELETE', '/v1/operating-point', 'admin'],
];

describe('with keys', () => {
  it('every route needs a key with its scope', async () => {
    const { app } = await startFake({ keys });
    for (const [method, url, scope, payload] of routes) {
      const send = async (headers: Record<string, string>) => {
        const { statusCode } = await app.inject({ method, url, headers, ...(payload && { payload }) });
        return statusCode;
      };
      const as = ({ key }: { key: string }) => send({ authorization: `Bearer ${key}` });
      expect(await send({}), url).toBe(401);
      expect(await send({ authorization: 'Bearer openset_wrong' }), url).toBe(401);
      expect(await send({ authorization: `Basic ${owner.key}` }), url).toBe(401);
      expect(await send({ 'x-api-key': `${door.key}0` }), url).toBe(401);
      const allowed = [await as(door), await as(desk), await as(owner)].map(
        (status) => status !== 401 && status !== 403,
      );
      expect(allowed, url).toEqual([scope === 'read', scope !== 'admin', true]);
    }
  });

  it('tests the routes of the document, all of them', async () => {
    const { app } = await startFake();
    const { paths } = (await app.inject('/openapi.json')).json();
    const documented = Object.entries<object>(paths).flatMap(([path, methods]) =>
      Object.keys(methods).map(
        (method) => `${method.toUpperCase()} ${path.replace('{id}', 'x').replace('{photoId}', 'y')}`,
      ),
    );
    const open = ['GET /healthz', 'GET /readyz'];
    const tested = routes
      .map(([method, url]) => `${method} ${url}`)
      .filter((route) => route !== 'GET /metrics');
    expect([...tested, ...open].sort()).toEqual(documented.sort());
  });

  it('says what is wrong', async () => {
    const { app } = await startFake({ keys });
    const none = await app.inject('/v1/model');
    expect([none.json().error.code, none.headers['www-authenticate']]).toEqual(['no-key', 'Bearer']);
    const wrong = await app.inject({ url: '/v1/model', headers: { 'x-api-key': 'wrong' } });
    expect([wrong.statusCode, wrong.json().error.code]).toEqual([401, 'wrong-key']);
    expect(wrong.body).not.toContain('"wrong"');
    const headers = { 'x-api-key': door.key };
    const scope = await app.inject({ method: 'DELETE', url: '/v1/people/x', headers });
    expect(scope.json().error).toEqual({
      code: 'wrong-scope',
      message: "This needs a key with the scope 'enroll'.",
    });
  });

  it('health, the document and unknown pages need none', async () => {
    const { app } = await startFake({ keys });
    const statuses = await Promise.all(
      ['/healthz', '/readyz', '/openapi.json', '/none'].map((url) => app.inject(url)),
    );
    expect(statuses.map(({ statusCode }) => statusCode)).toEqual([200, 200, 200, 404]);
  });

  it('a route that states no scope needs admin', async () => {
    const { app } = await startFake({ keys });
    app.get('/forgotten', async () => 'secret');
    const status = async ({ key }: { key: string }) =>
      (await app.inject({ url: '/forgotten', headers: { 'x-api-key': key } })).statusCode;
    expect([await status(desk), await status(owner)]).toEqual([403, 200]);
  });

  it('limits the requests of each key, not of others', async () => {
    const { app } = await startFake({ keys, limits: { requestsPerMinute: 3 } });
    const send = (key: string) => app.inject({ url: '/v1/model', headers: { 'x-api-key': key } });
    for (let request = 0; request < 3; request++) expect((await send(door.key)).statusCode).toBe(200);
    const refused = await send(door.key);
    expect([refused.statusCode, refused.json().error.code]).toEqual([429, 'too-many-requests']);
    expect(Number(refused.headers['retry-after'])).toBeGreaterThan(0);
    expect(Number(refused.headers['retry-after'])).toBeLessThanOrEqual(60);
    expect((await send(desk.key)).statusCode).toBe(200);
    expect((await app.inject('/healthz')).statusCode).toBe(200);
  });
});

describe('without keys', () => {
  it('listens only where other machines do not reach it', async () => {
    const { server } = await startFake();
    for (const host of ['0.0.0.0', '::', '192.168.1.2', 'example.org', '']) {
      await expect(server.listen({ host, port: 0 }), host).rejects.toThrow(ConfigError);
    }
    expect(await server.listen({ port: 0 })).toMatch(/^http:\/\/127\.0\.0\.1:\d+$/);
    await server.close();
  });

  it('answers only under names of this machine: an attacker may let another name point to it', async () => {
    const { app } = await startFake();
    const status = async (host: string) =>
      (await app.inject({ url: '/v1/model', headers: { host } })).statusCode;
    const good = ['localhost', 'localhost:8080', 'LOCALHOST', '127.0.0.1:8080', '127.1.2.3', '[::1]:8080'];
    for (const host of good) expect(await status(host), host).toBe(200);
    const bad = [
      'example.org',
      'localhost.example.org',
      '127.0.0.1.example.org',
      '192.168.1.2',
      '[::2]',
      'x@localhost',
    ];
    for (const host of bad) expect(await status(host), host).toBe(403);
  });

  it('does not answer pages of other sites, and allows none to read', async () => {
    const { app } = await startFake();
    const send = (origin: string) =>
      app.inject({
        method: 'POST',
        url: '/v1/embed',
        headers: { origin, host: 'localhost:80' },
        payload: { image },
      });
    expect((await send('http://localhost:80')).statusCode).toBe(200);
    for (const origin of ['http://example.org', 'http://localhost:81', 'null', '']) {
      expect((await send(origin)).statusCode, origin).toBe(403);
    }
    const allowed = await send('http://localhost:80');
    expect(Object.keys(allowed.headers).filter((name) => name.startsWith('access-control'))).toEqual([]);
  });
});
