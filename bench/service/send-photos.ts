import { readFile } from 'node:fs/promises';
import { Agent, request } from 'node:http';
import { setTimeout } from 'node:timers/promises';
import autocannon from 'autocannon';

/** Requests to send. */
export interface PhotoLoad {
  readonly url: string;
  /** Paths of photos, which are sent in turns. */
  readonly photos: readonly string[];
  /** Number of connections, each with one request at a time. */
  readonly connections: number;
  /** Number of requests in all. */
  readonly count: number;
}

/** What came back. */
export interface PhotoAnswers {
  /** Answers of each status code. */
  readonly statuses: Readonly<Record<string, number>>;
  /** Requests without an answer. */
  readonly lost: number;
  /** Whether each 503 had `Retry-After`, as far as `floodPhotos` looks. */
  readonly hasRetryAfter: boolean;
  /** Milliseconds for an answer. */
  readonly milliseconds: number;
  /** Latency in milliseconds. */
  readonly p50: number;
  readonly p99: number;
}

const boundary = 'openset-photo-boundary';
const formHeaders = { 'content-type': `multipart/form-data; boundary=${boundary}` };

/** Sends photos as forms over loopback, with autocannon. */
export async function sendPhotos(load: PhotoLoad): Promise<PhotoAnswers> {
  const { url, photos, connections, count } = load;
  const bodies = await Promise.all(photos.map(async (path) => formOf(await readFile(path))));
  const record = recordAnswers();
  const { errors } = await autocannon({
    ...{ url, connections: Math.min(connections, count), amount: count, timeout: 120 },
    method: 'POST',
    headers: formHeaders,
    requests: bodies.map((body) => ({ body })),
    setupClient(client) {
      client.on('response', (statusCode, _, latency) => record.add(statusCode, latency, true));
    },
  });
  return record.answers(count, errors);
}

/**
 * Sends photos as forms at a fixed rate, whether or not earlier ones have been answered: clients that do not wait for each other.
 * @param load `rate`: requests a second
 */
export async function floodPhotos(
  load: Omit<PhotoLoad, 'connections'> & { readonly rate: number },
): Promise<PhotoAnswers> {
  const { url, photos, count, rate } = load;
  const bodies = await Promise.all(photos.map(async (path) => formOf(await readFile(path))));
  const record = recordAnswers();
  const agent = new Agent({ keepAlive: true });
  let errors = 0;
  const start = performance.now();
  const send = async (index: number) => {
    await setTimeout(start + (1000 * index) / rate - performance.now());
    const sent = performance.now();
    await new Promise<void>((resolve) => {
      const fail = () => {
        errors++;
        resolve();
      };
      const outgoing = request(url, { method: 'POST', agent, headers: formHeaders }, (answer) => {
        answer.resume().on('error', fail);
        answer.on('end', () => {
          record.add(answer.statusCode!, performance.now() - sent, 'retry-after' in answer.headers);
          resolve();
        });
      });
      outgoing.on('error', fail).end(bodies[index % bodies.length]);
    });
  };
  await Promise.all(Array.from({ length: count }, (_, index) => send(index)));
  agent.destroy();
  return record.answers(count, errors);
}

/** Counts answers from now on. */
function recordAnswers() {
  const statuses: Record<string, number> = {};
  const latencies: number[] = [];
  let hasRetryAfter = true;
  const start = performance.now();
  return {
    add(statusCode: number, latency: number, retries: boolean) {
      statuses[statusCode] = (statuses[statusCode] ?? 0) + 1;
      if (statusCode === 200) latencies.push(latency);
      if (statusCode === 503 && !retries) hasRetryAfter = false;
    },
    answers(count: number, errors: number): PhotoAnswers {
      const answered = Object.values(statuses).reduce((sum, number) => sum + number, 0);
      latencies.sort((a, b) => a - b);
      const quantile = (share: number) => latencies[Math.floor(share * (latencies.length - 1))] ?? Number.NaN;
      return {
        ...{ statuses, hasRetryAfter, lost: Math.max(errors, count - answered) },
        milliseconds: (performance.now() - start) / answered,
        ...{ p50: quantile(0.5), p99: quantile(0.99) },
      };
    },
  };
}

/** Returns the body of a form with one image. */
function formOf(image: Uint8Array): Buffer {
  const head =
    `--${boundary}\r\ncontent-disposition: form-data; name="image"; filename="photo.jpg"\r\n` +
    'content-type: image/jpeg\r\n\r\n';
  return Buffer.concat([Buffer.from(head), image, Buffer.from(`\r\n--${boundary}--\r\n`)]);
}
