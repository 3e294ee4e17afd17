import type { InjectOptions } from 'fastify';
import { form } from './start.ts';

/** Numbers from 0 to below 1. */
export type Random = () => number;

/** Returns the same numbers for the same seed (mulberry32). */
export function seededRandom(seed: number): Random {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

/** A request to send, or to make a bad one of. */
export interface FuzzRequest {
  readonly method: string;
  readonly url: string;
  readonly headers: Record<string, string>;
  readonly body: Buffer;
}

const pick = <T>(random: Random, list: readonly T[]): T => list[Math.floor(random() * list.length)]!;

/** Texts that break programs. */
const badTexts = [
  '"__proto__":{"x":1}',
  '\u0000',
  '\r\n\r\n',
  '1e999',
  '-0',
  'null',
  '[]',
  '{}',
  '"'.repeat(50),
  '['.repeat(2000),
  '{"a":'.repeat(2000),
  "'; DROP TABLE people; --",
  '../../../../etc/passwd',
  '%00%2e%2e%2f',
  '\ud800',
  '\u202e',
  'A'.repeat(5000),
  '--boundary-of-the-test\r\n',
  '--boundary-of-the-test--\r\n',
  'Content-Disposition: form-data; name="image"\r\n\r\n',
];
const badValues = [
  null,
  true,
  -1,
  0,
  1e308,
  2 ** 53,
  '',
  ' ',
  'x',
  '\u0000',
  [],
  {},
  [[]],
  { a: { b: {} } },
  Array(100).fill(''),
];
const badTypes = [
  'application/json; charset=utf-16',
  'application/json, multipart/form-data',
  'multipart/form-data',
  'multipart/form-data; boundary=',
  `multipart/form-data; boundary=${'b'.repeat(300)}`,
  'multipart/form-data; boundary="\\"',
  'multipart/mixed; boundary=boundary-of-the-test',
  'image/jpeg',
  'text/plain',
  'application/x-www-form-urlencoded',
  '',
  '/',
  '\u00e9',
  'application/json'.repeat(50),
];
const badHeaders: readonly [name: string, value: string][] = [
  ['content-length', '-1'],
  ['content-length', '1e9'],
  ['content-length', '99999999999999999999'],
  ['transfer-encoding', 'gzip, chunked'],
  ['expect', '100-continue'],
  ['upgrade', 'websocket'],
  ['connection', 'upgrade'],
  ['content-encoding', 'gzip'],
  ['authorization', 'Bearer '],
  ['authorization', `Bearer ${'x'.repeat(4000)}`],
  ['authorization', 'Basic ===='],
  ['x-api-key', '\u0001'],
  ['host', ''],
  ['host', '['],
  ['host', 'a'.repeat(2000)],
  ['origin', 'null'],
  ['accept', '*/*;q=x'],
  ['range', 'bytes=0-,-1,5-2'],
  ['if-none-match', '"'],
  ['x-forwarded-for', '::ffff:1.2.3.4, x'],
  ['x-http-method-override', 'DELETE'],
];

/** Returns good requests to all kinds of routes, with these images. */
export function goodRequests(images: readonly Buffer[]): FuzzRequest[] {
  const json = (method: string, url: string, value: object): FuzzRequest => ({
    method,
    url,
    headers: { 'content-type': 'application/json' },
    body: Buffer.from(JSON.stringify(value)),
  });
  const asForm = (url: string, ...parts: Parameters<typeof form>): FuzzRequest => {
    const { payload, headers } = form(...parts);
    return { method: 'POST', url, headers, body: payload };
  };
  const plain = (method: string, url: string): FuzzRequest => ({
    method,
    url,
    headers: {},
    body: Buffer.alloc(0),
  });
  return images.flatMap((image, index) => {
    const other = images[(index + 1) % images.length]!;
    const text = image.toString('base64');
    return [
      asForm('/v1/verify', ['first', image], ['second', other], ['threshold', '0.5']),
      json('POST', '/v1/verify', { first: text, second: other.toString('base64') }),
      asForm('/v1/identify', ['image', image], ['candidates', '3'], ['select', 'all']),
      json('POST', '/v1/identify', { image: text, candidates: 3, threshold: 0.5, select: 'largest' }),
      asForm('/v1/embed', ['image', image], ['align', 'true']),
      json('POST', '/v1/embed', { image: text }),
      asForm(
        '/v1/people',
        ['name', 'Ada'],
        ['metadata', '{"team": "A"}'],
        ['images', image],
        ['images', other],
      ),
      json('POST', '/v1/people', { name: 'Bob', metadata: { a: [1] }, images: [text], select: 'largest' }),
      asForm('/v1/people/x/photos', ['images', image]),
      json('PATCH', '/v1/people/x', { name: 'Cy', metadata: {} }),
      json('PUT', '/v1/operating-point', {
        threshold: 0.9,
        question: { kind: 'gallery', size: 3, rate: 0.01 },
      }),
      plain('DELETE', '/v1/people/x'),
      plain('DELETE', '/v1/people/x/photos/y'),
      plain('GET', '/v1/people?after=Ada&limit=10'),
      plain('GET', '/v1/people/x/photos'),
      plain('GET', '/v1/model'),
      plain('GET', '/openapi.json'),
    ];
  });
}

/** Returns a bad version of a request: bytes, values, headers, address or method are changed, once or a few times. */
export function badRequest(random: Random, good: FuzzRequest): FuzzRequest {
  let request = good;
  const changes = 1 + Math.floor(random() ** 3 * 4);
  for (let change = 0; change < changes; change++) request = changeOnce(random, request);
  return request;
}

function changeOnce(random: Random, request: FuzzRequest): FuzzRequest {
  const chance = random();
  if (chance < 0.45) return { ...request, body: changeBytes(random, request.body) };
  if (chance < 0.65) return { ...request, body: changeValue(random, request.body) };
  if (chance < 0.73)
    return { ...request, headers: { ...request.headers, 'content-type': pick(random, badTypes) } };
  if (chance < 0.83) {
    const [name, value] = pick(random, badHeaders);
    return { ...request, headers: { ...request.headers, [name]: value } };
  }
  if (chance < 0.95) return { ...request, url: changeUrl(random, request.url) };
  return { ...request, method: pick(random, ['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS']) };
}

/** Returns changed bytes: flipped, cut, removed, doubled, or with a bad text in them. */
export function changeBytes(random: Random, bytes: Buffer): Buffer {
  const at = Math.floor(random() * (bytes.length + 1));
  const length = Math.floor(random() ** 4 * (bytes.length - at + 1));
  const [before, middle, after] = [
    bytes.subarray(0, at),
    bytes.subarray(at, at + length),
    bytes.subarray(at + length),
  ];
  switch (Math.floor(random() * 7)) {
    case 0: {
      const flipped = Buffer.from(bytes);
      for (let flip = 0; flip < 1 + random() * 10; flip++) {
        const place = Math.floor(random() * flipped.length);
        if (flipped.length > 0) flipped[place]! ^= 1 << Math.floor(random() * 8);
      }
      return flipped;
    }
    case 1:
      return before;
    case 2:
      return Buffer.concat([before, after]);
    case 3:
      return Buffer.concat([before, middle, middle, after]);
    case 4:
      return Buffer.concat([
        before,
        Buffer.from(Array.from({ length: 1 + random() * 50 }, () => random() * 256)),
        after,
      ]);
    case 5:
      return after;
    default:
      return Buffer.concat([before, Buffer.from(pick(random, badTexts)), after]);
  }
}

/** Returns a JSON body in which a value is another one, or a key is added; other bodies with changed bytes. */
function changeValue(random: Random, body: Buffer): Buffer {
  let value: Record<string, unknown>;
  try {
    value = JSON.parse(body.toString());
  } catch {
    return changeBytes(random, body);
  }
  if (typeof value !== 'object' || value === null)
    return Buffer.from(JSON.stringify(pick(random, badValues)));
  const keys = Object.keys(value);
  const key =
    random() < 0.8 && keys.length > 0
      ? pick(random, keys)
      : pick(random, ['extra', 'constructor', 'toString', '__proto__']);
  const bad = random() < 0.3 ? pick(random, badTexts) : pick(random, badValues);
  const isText = typeof value[key] === 'string' && random() < 0.3;
  const changed = isText ? changeBytes(random, Buffer.from(value[key] as string)).toString('latin1') : bad;
  // Written by hand: `__proto__` would not become a key of an object.
  const rest = Object.entries(value).filter(([name]) => name !== key);
  return Buffer.from(
    `{${[...rest, [key, changed]].map(([name, part]) => `${JSON.stringify(name)}:${JSON.stringify(part)}`).join(',')}}`,
  );
}

function changeUrl(random: Random, url: string): string {
  const at = 1 + Math.floor(random() * url.length);
  const bad = [
    '%',
    '%00',
    '%zz',
    '%2e%2e%2f',
    '..',
    '//',
    '?',
    '&limit=-1',
    '?limit=99999999999',
    '#',
    ';',
    '\\',
    '%ff',
    '%f0%9f%98%80',
  ];
  const inserted = random() < 0.1 ? 'x'.repeat(3000) : pick(random, bad);
  return url.slice(0, at) + inserted + url.slice(random() < 0.5 ? at : at + 1);
}

/** Returns a request for `inject`. */
export function asInjected({ method, url, headers, body }: FuzzRequest): InjectOptions {
  return { method: method as 'GET', url, headers, ...(body.length > 0 && { payload: body }) };
}

/** Returns a request as bytes for a connection. */
export function asBytes({ method, url, headers, body }: FuzzRequest): Buffer {
  const all = { host: 'localhost', 'content-length': String(body.length), ...headers };
  const lines = Object.entries(all).map(([name, value]) => `${name}: ${value}\r\n`);
  return Buffer.concat([Buffer.from(`${method} ${url} HTTP/1.1\r\n${lines.join('')}\r\n`, 'latin1'), body]);
}
