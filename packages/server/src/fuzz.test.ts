import { expect, inject, it } from 'vitest';
import { fakeImage } from './__fixtures__/fake-recognizer.ts';
import { fuzz } from './__fixtures__/fuzz.ts';
import { startFake } from './__fixtures__/start.ts';

const count = inject('long') ? 10_000 : 500;

it(`answers ${count} bad requests with errors of the client, and works afterwards`, async () => {
  const { server, app, gallery } = await startFake({
    limits: { bodyBytes: 100_000, imageBytes: 20_000, receiveSeconds: 2 },
  });
  const address = await server.listen({ port: 0 });
  const images = [fakeImage(0), fakeImage(90, 'too small'), fakeImage()];
  const { statuses, problems } = await fuzz(server, address, { count, seed: 20, images });
  expect(problems).toEqual([]);
  // The requests reach everything: answers, the schema, paths, methods, types and images.
  for (const status of ['200', '400', '403', '404', '413', '415', '422'])
    expect(statuses).toHaveProperty(status);

  await gallery.setOperatingPoint(null);
  const payload = { name: 'Healthy', images: [fakeImage(30).toString('base64')] };
  expect((await app.inject({ method: 'POST', url: '/v1/people', payload })).statusCode).toBe(201);
  const identified = await fetch(`${address}/v1/identify`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ image: fakeImage(30).toString('base64') }),
  });
  expect((await identified.json()).faces[0].person.name).toBe('Healthy');
  const { body } = await app.inject('/metrics');
  // Nothing still runs, except this request.
  expect(body).toContain('openset_requests_running 1\n');
  await server.close();
}, 600_000);
