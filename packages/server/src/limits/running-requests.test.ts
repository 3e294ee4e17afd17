import { request as httpRequest } from 'node:http';
import { connect } from 'node:net';
import { expect, it } from 'vitest';
import { fakeImage } from '../__fixtures__/fake-recognizer.ts';
import { form, gate, startFake } from '../__fixtures__/start.ts';

const image = fakeImage(0).toString('base64');

async function until(condition: () => boolean): Promise<void> {
  while (!condition()) await new Promise((resolve) => setTimeout(resolve, 10));
}

/** Sends bytes over a socket. @returns everything that comes back until the server closes */
function exchange(address: string, text: string): Promise<string> {
  return new Promise((resolve, reject) => {
    let received = '';
    const socket = connect(Number(new URL(address).port), '127.0.0.1', () => socket.write(text));
    socket.on('data', (data) => {
      received += data;
    });
    socket.on('close', () => resolve(received));
    socket.on('error', reject);
  });
}

it('stops gracefully: requests that run end, new ones and the readiness check get 503, then connections close', async () => {
  const { server, recognizer } = await startFake();
  const address = await server.listen({ port: 0 });
  const { promise, open } = gate();
  recognizer.gate = promise;
  const running = fetch(`${address}/v1/embed`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ image }),
  });
  await until(() => recognizer.pending === 1);
  const closed = server.close();
  const [ready, alive, late] = await Promise.all(
    ['/readyz', '/healthz', '/v1/model'].map((path) => fetch(address + path)),
  );
  expect([ready!.status, alive!.status, late!.status]).toEqual([503, 200, 503]);
  expect(late!.headers.get('connection')).toBe('close');
  expect(late!.headers.get('retry-after')).toBe('1');
  open();
  const answer = await running;
  expect([answer.status, answer.headers.get('connection')]).toEqual([200, 'close']);
  expect(await answer.json()).toMatchObject({ width: 640 });
  await closed;
  await expect(fetch(`${address}/healthz`)).rejects.toThrow();
});

it('waits for requests that do not end only so long', async () => {
  const { server, recognizer } = await startFake({ limits: { stopSeconds: 0.05 } });
  const address = await server.listen({ port: 0 });
  recognizer.gate = new Promise(() => {});
  const running = fetch(`${address}/v1/embed`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ image }),
  });
  const outcome = running.then(
    () => 'answered',
    () => 'cut off',
  );
  await until(() => recognizer.pending === 1);
  await server.close();
  expect(await outcome).toBe('cut off');
});

it('refuses bodies and images above the limits, also without a length', async () => {
  const { server, app } = await startFake({ limits: { bodyBytes: 10_000, imageBytes: 2000 } });
  const large = Buffer.alloc(3000);
  const file = await app.inject({ method: 'POST', url: '/v1/embed', ...form(['image', large]) });
  expect([file.statusCode, file.json().error.code]).toEqual([413, 'too-large']);
  const files = Array.from({ length: 6 }, () => ['images', Buffer.alloc(1900)] as const);
  const body = form(['name', 'Ada'], ...files);
  expect((await app.inject({ method: 'POST', url: '/v1/people', ...body })).statusCode).toBe(413);
  const payload = { image: 'A'.repeat(11_000) };
  expect((await app.inject({ method: 'POST', url: '/v1/embed', payload })).statusCode).toBe(413);
  // A base64 image within the body is limited like a file.
  const long = { image: large.toString('base64') };
  expect((await app.inject({ method: 'POST', url: '/v1/embed', payload: long })).statusCode).toBe(413);

  const address = await server.listen({ port: 0 });
  const chunked = (type: string, chunk: Buffer, count: number) =>
    new Promise<number>((resolve) => {
      const request = httpRequest(
        `${address}/v1/people`,
        { method: 'POST', headers: { 'content-type': type, 'transfer-encoding': 'chunked' } },
        (response) => {
          resolve(response.statusCode!);
          response.resume();
        },
      );
      // The server may close while we send.
      request.on('error', () => {});
      for (let index = 0; index < count; index++) request.write(chunk);
      request.end();
    });
  expect(await chunked(body.headers['content-type'], body.payload, 1)).toBe(413);
  expect(await chunked('application/json', Buffer.alloc(4000, 32), 3)).toBe(413);
  await server.close();
});

it('takes no more bodies than fit, and takes them again later', async () => {
  const { server, recognizer } = await startFake({ limits: { bodyBytes: 1000, bufferedBytes: 1000 } });
  const address = await server.listen({ port: 0 });
  const { promise, open } = gate();
  recognizer.gate = promise;
  const body = JSON.stringify({ image, select: 'largest' }).padEnd(600);
  const send = () =>
    fetch(`${address}/v1/embed`, { method: 'POST', headers: { 'content-type': 'application/json' }, body });
  const first = send();
  await until(() => recognizer.pending === 1);
  const second = await send();
  expect([second.status, second.headers.get('retry-after')]).toEqual([503, '1']);
  expect((await fetch(`${address}/v1/model`)).status).toBe(200);
  open();
  expect((await first).status).toBe(200);
  expect((await send()).status).toBe(200);
  await server.close();
});

it('frees what a client held that hangs up, and drops its work', async () => {
  const { server, recognizer, gallery } = await startFake({
    limits: { bodyBytes: 1000, bufferedBytes: 1000 },
  });
  const address = await server.listen({ port: 0 });
  const { promise, open } = gate();
  recognizer.gate = promise;
  const abort = new AbortController();
  const request = fetch(`${address}/v1/people`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ name: 'Ada', images: [image] }).padEnd(900),
    signal: abort.signal,
  });
  await until(() => recognizer.pending === 1);
  abort.abort();
  await expect(request).rejects.toThrow();
  await until(() => recognizer.isAborted);
  open();
  await until(() => recognizer.pending === 0);
  const again = await fetch(`${address}/v1/embed`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ image }).padEnd(900),
  });
  expect(again.status).toBe(200);
  expect((await gallery.count()).people).toBe(0);
  await server.close();
});

it('ends connections that send too slowly, or no HTTP', async () => {
  const { server } = await startFake({ limits: { receiveSeconds: 0.2 } });
  const address = await server.listen({ port: 0 });
  const slow = await exchange(
    address,
    'POST /v1/embed HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nContent-Length: 100\r\n\r\n{',
  );
  expect(slow).toMatch(/^HTTP\/1\.1 408 /);
  const slowHeaders = await exchange(address, 'GET /v1/model HTTP/1.1\r\nHost: loc');
  expect(slowHeaders).toMatch(/^HTTP\/1\.1 408 /);
  const broken = await exchange(address, 'NO HTTP\r\n\r\n');
  expect(broken).toMatch(/^HTTP\/1\.1 400 /);
  expect(JSON.parse(broken.slice(broken.indexOf('{'))).error.code).toBe('broken-request');
  const long = await exchange(
    address,
    `GET / HTTP/1.1\r\nHost: localhost\r\nX: ${'x'.repeat(20_000)}\r\n\r\n`,
  );
  expect(long).toMatch(/^HTTP\/1\.1 431 /);
  await server.close();
});
