import { ConfigError, DataError, WorkerError } from '@openset/core';
import { MemoryGallery, StoreError } from '@openset/gallery';
import { expect, it } from 'vitest';
import { embeddingSize, FakeRecognizer, fakeImage } from './__fixtures__/fake-recognizer.ts';
import { startFake } from './__fixtures__/start.ts';
import { createServer } from './create-server.ts';
import { QueueFullError } from './recognizer.ts';

const image = fakeImage(0).toString('base64');

it('refuses a gallery of another model', async () => {
  const recognizer = new FakeRecognizer();
  const model = { name: 'other', fingerprint: 'a'.repeat(64) };
  const gallery = new MemoryGallery({ model, embeddingSize, crop: null, comparison: 'mean' });
  await expect(createServer({ recognizer, gallery })).rejects.toThrow(DataError);
});

it.each([{ bodyBytes: 0 }, { imagesPerRequest: 1.5 }, { answerSeconds: -1 }])(
  'refuses the limits %o',
  async (limits) => {
    await expect(startFake({ limits })).rejects.toThrow(ConfigError);
  },
);

it('hides an unexpected error behind the identifier of the request', async () => {
  const { app, recognizer } = await startFake();
  recognizer.failure = new TypeError('secret of /srv/secret/file.ts');
  const response = await app.inject({ method: 'POST', url: '/v1/embed', payload: { image } });
  expect(response.statusCode).toBe(500);
  const { error } = response.json();
  expect(error.code).toBe('internal');
  expect(error.details).toEqual({ requestId: response.headers['x-request-id'] });
  expect(response.body).not.toMatch(/secret|TypeError|\.ts/);
});

it('answers 503 with Retry-After if the queue is full or the gallery cannot work', async () => {
  const { app, recognizer, gallery } = await startFake();
  recognizer.failure = new QueueFullError(7.2);
  const full = await app.inject({ method: 'POST', url: '/v1/embed', payload: { image } });
  expect([full.statusCode, full.json().error.code, full.headers['retry-after']]).toEqual([503, 'busy', '8']);
  gallery.people = async () => {
    throw new StoreError('/srv/staff.db is locked');
  };
  const locked = await app.inject('/v1/people');
  expect([locked.statusCode, locked.json().error.code, locked.headers['retry-after']]).toEqual([
    503,
    'gallery',
    '1',
  ]);
  expect(locked.body).not.toContain('/srv');
});

it('answers 503 with Retry-After if a thread of the recognizer dies, without the cause', async () => {
  const { app, recognizer } = await startFake();
  recognizer.failure = new WorkerError('A worker thread failed: TypeError in /srv/secret/file.ts');
  const response = await app.inject({ method: 'POST', url: '/v1/embed', payload: { image } });
  expect([response.statusCode, response.headers['retry-after']]).toEqual([503, '1']);
  expect(response.json()).toEqual({
    error: {
      code: 'recognizer-failed',
      message: 'The recognizer failed on this request: try again.',
    },
  });
  const payload = { name: 'Ada', images: [image] };
  const enrolled = await app.inject({ method: 'POST', url: '/v1/people', payload });
  expect([enrolled.statusCode, enrolled.json().error.code]).toEqual([503, 'recognizer-failed']);
  expect((await app.inject('/v1/people')).json().people).toEqual([]);
});

it('answers 503 to a request that takes too long, and does not enroll it afterwards', async () => {
  const { app, recognizer, gallery } = await startFake({ limits: { answerSeconds: 0.05 } });
  let open = () => {};
  recognizer.gate = new Promise((resolve) => {
    open = resolve;
  });
  const payload = { name: 'Ada', images: [image] };
  const late = await app.inject({ method: 'POST', url: '/v1/people', payload });
  expect([late.statusCode, late.json().error.code]).toEqual([503, 'timeout']);
  open();
  await new Promise((resolve) => setTimeout(resolve, 20));
  expect((await gallery.count()).people).toBe(0);
});

it('is alive, and ready while recognizer and gallery work', async () => {
  const { app, recognizer, gallery } = await startFake();
  expect((await app.inject('/healthz')).statusCode).toBe(200);
  expect((await app.inject('/readyz')).json()).toEqual({ status: 'ready' });
  recognizer.isReady = false;
  expect((await app.inject('/readyz')).statusCode).toBe(503);
  recognizer.isReady = true;
  await gallery.close();
  expect((await app.inject('/readyz')).statusCode).toBe(503);
  expect((await app.inject('/healthz')).statusCode).toBe(200);
});

it('counts requests by route, the queue and the gallery for Prometheus', async () => {
  const { app, gallery } = await startFake();
  await gallery.enroll('Ada', [{ values: Float32Array.of(1, 0, 0, 0) }]);
  await app.inject('/v1/people/some-identifier');
  await app.inject('/no/such/page');
  const { body, headers } = await app.inject('/metrics');
  expect(headers['content-type']).toMatch(/^text\/plain/);
  expect(body).toContain(
    'openset_request_duration_seconds_count{method="GET",route="/v1/people/:id",status="404"} 1',
  );
  expect(body).toContain(
    'openset_request_duration_seconds_count{method="GET",route="unknown",status="404"} 1',
  );
  expect(body).toContain('openset_gallery_people 1');
  expect(body).toContain('openset_requests_running 1');
  expect(body).toContain('nodejs_eventloop_lag_seconds');
  expect(body).not.toContain('some-identifier');
});

it('answers unknown pages and methods in the form of all errors', async () => {
  const { app } = await startFake();
  for (const [method, url] of [
    ['GET', '/v1/nothing'],
    ['PUT', '/v1/verify'],
    ['GET', '/%zz'],
    ['GET', `/v1/people/${'x'.repeat(5000)}`],
  ] as const) {
    const response = await app.inject({ method, url });
    expect(response.statusCode, url).toBeGreaterThanOrEqual(400);
    expect(response.statusCode, url).toBeLessThan(500);
    expect(response.json().error.code, url).toBeTypeOf('string');
  }
});
