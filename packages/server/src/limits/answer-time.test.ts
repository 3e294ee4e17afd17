import { setTimeout as wait } from 'node:timers/promises';
import { expect, it } from 'vitest';
import { fakeImage } from '../__fixtures__/fake-recognizer.ts';
import { gate, startFake } from '../__fixtures__/start.ts';

/** Returns a form with an image and a name. */
function enrollForm(): FormData {
  const body = new FormData();
  body.append('name', 'Ada');
  body.append('images', new Blob([fakeImage(0)]), 'ada.jpg');
  return body;
}

it('goes on after the body has arrived, and does not enroll after the client has hung up', async ({
  onTestFinished,
}) => {
  const { server, recognizer, gallery } = await startFake();
  onTestFinished(() => server.close());
  const address = `${await server.listen({ port: 0 })}/v1/people`;
  // The stream of the request has closed long before.
  recognizer.gate = wait(100);
  const answer = await fetch(address, { method: 'POST', body: enrollForm() });
  expect(answer.status).toBe(201);
  expect((await gallery.count()).embeddings).toBe(1);

  const { promise, open } = gate();
  recognizer.gate = promise;
  const abort = new AbortController();
  const request = fetch(address, { method: 'POST', body: enrollForm(), signal: abort.signal });
  await expect.poll(() => recognizer.pending).toBe(1);
  abort.abort();
  await expect(request).rejects.toThrow();
  await expect.poll(() => recognizer.isAborted).toBe(true);
  open();
  await expect.poll(() => recognizer.pending).toBe(0);
  await wait(100);
  expect((await gallery.count()).embeddings).toBe(1);
});

it('answers 503 when the time is over, and enrolls nobody then', async ({ onTestFinished }) => {
  const { server, recognizer, gallery } = await startFake({ limits: { answerSeconds: 0.1 } });
  onTestFinished(() => server.close());
  const address = await server.listen({ port: 0 });
  const { promise, open } = gate();
  recognizer.gate = promise;
  const answer = await fetch(`${address}/v1/people`, { method: 'POST', body: enrollForm() });
  expect(answer.status).toBe(503);
  expect(answer.headers.get('retry-after')).toBe('1');
  expect(await answer.json()).toEqual({
    error: { code: 'timeout', message: 'The request took too long.' },
  });
  open();
  await expect.poll(() => recognizer.pending).toBe(0);
  await wait(100);
  expect((await gallery.count()).people).toBe(0);
});
