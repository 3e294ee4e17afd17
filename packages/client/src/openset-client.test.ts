import { describe, expect, it } from 'vitest';
import { OpensetClient } from './openset-client.ts';
import { ServiceError } from './service-error.ts';

/** Returns a client whose service gives these answers in turn, and the requests that it got. */
function clientOf(...answers: (() => Response)[]) {
  const requests: Request[] = [];
  const client = new OpensetClient({
    url: 'http://localhost:8080/',
    key: 'secret',
    longestWait: 0.02,
    fetch: async (request) => {
      requests.push(request);
      return (answers[requests.length - 1] ?? answers.at(-1)!)();
    },
  });
  return { client, requests };
}

const json =
  (body: unknown, status = 200, headers: Record<string, string> = {}) =>
  () =>
    new Response(JSON.stringify(body), {
      status,
      headers: { 'content-type': 'application/json', ...headers },
    });
const busy = json({ error: { code: 'busy', message: 'The service is busy.' } }, 503, { 'retry-after': '7' });

describe('requests', () => {
  it('have the key, the address and a form with images and options', async () => {
    const { client, requests } = clientOf(json({ same: true }));
    const file = new File(['first'], 'ada.jpg', { type: 'image/jpeg' });
    expect(await client.verify(file, new TextEncoder().encode('second'), { threshold: 0.5 })).toEqual({
      same: true,
    });
    const [request] = requests;
    expect([request!.method, request!.url]).toEqual(['POST', 'http://localhost:8080/v1/verify']);
    expect(request!.headers.get('authorization')).toBe('Bearer secret');
    const form = await request!.formData();
    const [first, second] = [form.get('first') as File, form.get('second') as File];
    expect([first.name, await first.text(), await second.text()]).toEqual(['ada.jpg', 'first', 'second']);
    expect([form.get('threshold'), form.has('align')]).toEqual(['0.5', false]);
  });

  it('send a list of images and metadata, and escape identifiers', async () => {
    const { client, requests } = clientOf(json({}));
    await client.enroll('Ada', [new Blob(['a']), await new Blob(['b']).arrayBuffer()], {
      metadata: { team: 'A' },
      align: false,
    });
    const form = await requests[0]!.formData();
    expect(form.getAll('images')).toHaveLength(2);
    expect([form.get('metadata'), form.get('align')]).toEqual(['{"team":"A"}', 'false']);
    await client.person('a/../b?c');
    expect(requests[1]!.url).toBe('http://localhost:8080/v1/people/a%2F..%2Fb%3Fc');
  });
});

describe('a busy service', () => {
  it('is asked again, with the whole form', async () => {
    const { client, requests } = clientOf(busy, busy, json({ faces: [] }));
    expect(await client.identify(new Blob(['image']))).toEqual({ faces: [] });
    expect(requests).toHaveLength(3);
    for (const request of requests)
      expect(await ((await request.formData()).get('image') as File).text()).toBe('image');
  });

  it('is given up after the last repetition', async () => {
    const { client, requests } = clientOf(busy);
    await expect(client.model()).rejects.toMatchObject({ status: 503, code: 'busy', retryAfter: 7 });
    expect(requests).toHaveLength(4);
  });

  it('is not asked again after an abort', async () => {
    const client = new OpensetClient({ url: 'http://localhost', fetch: async () => busy() });
    const start = performance.now();
    await expect(client.model({ signal: AbortSignal.timeout(20) })).rejects.toThrow(/timeout/);
    expect(performance.now() - start).toBeLessThan(5000);
  });
});

describe('errors', () => {
  it('have the status, the code and the details of the answer, and are not repeated', async () => {
    const error = { code: 'no-face', message: 'No image can be enrolled.', details: { refused: [] } };
    const { client, requests } = clientOf(json({ error }, 422));
    const failure = await client.enroll('Ada', [new Blob(['x'])]).catch((thrown) => thrown);
    expect(failure).toBeInstanceOf(ServiceError);
    expect(failure).toMatchObject({ status: 422, ...error, retryAfter: null });
    expect(requests).toHaveLength(1);
  });

  it('also come from answers that are none of the service', async () => {
    const { client } = clientOf(() => new Response('<h1>Bad Gateway</h1>', { status: 502 }));
    await expect(client.model()).rejects.toMatchObject({ status: 502, code: 'unknown' });
  });
});

it('people() follows the pages', async () => {
  const person = (name: string) => ({ id: name, name, metadata: {}, enrolledAt: '', photoCount: 1 });
  const { client, requests } = clientOf(
    json({ people: [person('Ada'), person('Bob')], next: 'Bob & Co' }),
    json({ people: [person('Cy')], next: null }),
  );
  const names = [];
  for await (const { name } of client.people()) names.push(name);
  expect(names).toEqual(['Ada', 'Bob', 'Cy']);
  expect(requests.map(({ url }) => new URL(url).search)).toEqual(['', '?after=Bob%20%26%20Co']);
});
