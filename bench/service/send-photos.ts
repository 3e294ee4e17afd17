import { readFile } from 'node:fs/promises';
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
  /** Requests a second; default: as many as are answered. */
  readonly rate?: number;
}

/** What came back. */
export interface PhotoAnswers {
  /** Answers of each status code. */
  readonly statuses: Readonly<Record<string, number>>;
  /** Requests without an answer. */
  readonly lost: number;
  /** Whether each 503 had `Retry-After`. */
  readonly hasRetryAfter: boolean;
  /** Milliseconds for an answer. */
  readonly milliseconds: number;
  /** Latency in milliseconds. */
  readonly p50: number;
  readonly p99: number;
}

const boundary = 'openset-photo-boundary';

/** Sends photos as forms over loopback, with autocannon. */
export async function sendPhotos(load: PhotoLoad): Promise<PhotoAnswers> {
  const { url, photos, connections, count, rate } = load;
  const bodies = await Promise.all(photos.map(async (path) => formOf(await readFile(path))));
  const statuses: Record<string, number> = {};
  const latencies: number[] = [];
  let hasRetryAfter = true;
  const start = performance.now();
  const { errors } = await autocannon({
    ...{ url, connections: Math.min(connections, count), amount: count, timeout: 120 },
    ...(rate !== undefined && { overallRate: rate }),
    method: 'POST',
    headers: { 'content-type': `multipart/form-data; boundary=${boundary}` },
    requests: bodies.map((body) => ({ body })),
    setupClient(client) {
      client.on('headers', (parsed) => {
        // Its types miss that these are the parser's: names and values by turns.
        const { statusCode, headers } = parsed as unknown as { statusCode: number; headers: string[] };
        const names = headers.map((word) => String(word).toLowerCase());
        if (statusCode === 503 && !names.includes('retry-after')) hasRetryAfter = false;
      });
      client.on('response', (statusCode, _, latency) => {
        statuses[statusCode] = (statuses[statusCode] ?? 0) + 1;
        if (statusCode === 200) latencies.push(latency);
      });
    },
  });
  const seconds = (performance.now() - start) / 1000;
  const answered = Object.values(statuses).reduce((sum, number) => sum + number, 0);
  latencies.sort((a, b) => a - b);
  const quantile = (share: number) => latencies[Math.floor(share * (latencies.length - 1))] ?? Number.NaN;
  return {
    ...{ statuses, hasRetryAfter, lost: Math.max(errors, count - answered) },
    ...{ milliseconds: (1000 * seconds) / answered, p50: quantile(0.5), p99: quantile(0.99) },
  };
}

/** Returns the body of a form with one image. */
function formOf(image: Uint8Array): Buffer {
  const head =
    `--${boundary}\r\ncontent-disposition: form-data; name="image"; filename="photo.jpg"\r\n` +
    'content-type: image/jpeg\r\n\r\n';
  return Buffer.concat([Buffer.from(head), image, Buffer.from(`\r\n--${boundary}--\r\n`)]);
}
