import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createBackbone } from '@openset/backbones';
import { encodeModel } from '@openset/verify';
import * as tf from '@tensorflow/tfjs-core';
import sharp from 'sharp';
import { useBackend } from '../packages/cli/src/backends.ts';
import { median, type Table } from './measure.ts';
import { samplePhotos } from './sample-photos.ts';
import { floodPhotos, type PhotoAnswers, sendPhotos } from './service/send-photos.ts';
import { type ServiceProcess, startService } from './service/start-service.ts';
import type { BenchmarkOptions } from './side-by-side.ts';

/** Rounds, and photos in each of their three parts. */
const rounds = 5;
const photosInRound = 48;
const people = 10_000;
/** Requests of the run that looks for growth of memory, and requests between two looks. */
const [soakRequests, soakStep] = [100_000, 5000] as const;
/** Factor of the overload, and its seconds. */
const [overload, overloadSeconds] = [10, 20] as const;

const megabytes = (bytes: number) => bytes / 1e6;

/**
 * Measures the service with `faceres` on photos of 1,920 pixels with three to five faces and a gallery of 10,000 people: photos a
 * second against the same worker threads without HTTP, by turns; latency; the delay of the event loop; the answers at ten times the
 * load that it can take, and the latency afterwards. Then the memory over 100,000 requests of small images to a small network. The
 * service runs in a process of its own, with a worker for each of `threads`.
 */
export async function server({ threads, only = '' }: BenchmarkOptions): Promise<Table> {
  const folder = await mkdtemp(join(tmpdir(), 'openset-bench-'));
  try {
    return {
      columns: ['', 'service', 'beside it'],
      rows: [
        ...('photos'.includes(only) ? await measurePhotos(threads) : []),
        ...('memory'.includes(only) ? await measureMemory(folder, threads) : []),
      ],
    };
  } finally {
    await rm(folder, { recursive: true });
  }
}

async function measurePhotos(workers: number): Promise<string[][]> {
  const service = await startService({ model: 'faceres', workers, people });
  try {
    const rates = await measureRates(service, workers);
    return [...rates.rows, ...(await measureOverload(service, rates.milliseconds))];
  } finally {
    await service.stop();
  }
}

/** Runs the bare loop and both routes by turns. */
async function measureRates(service: ServiceProcess, workers: number) {
  const photos = samplePhotos(6);
  // As many as the threads hold, and as many again that wait.
  const connections = 6 * workers;
  const send = (route: string, count = photosInRound, parallel = connections) =>
    sendPhotos({ url: `${service.address}/v1/${route}`, photos, connections: parallel, count });
  const bare: number[] = [];
  const routes = { embed: [] as PhotoAnswers[], identify: [] as PhotoAnswers[] };
  const delays = { p99: [] as number[], most: 0 };
  await send('embed', 12);
  await send('identify', 12);
  for (let round = 0; round < rounds; round++) {
    bare.push(await service.recogniseBare({ photos, count: photosInRound, parallel: connections }));
    await service.measure();
    routes.embed.push(await send('embed'));
    routes.identify.push(await send('identify'));
    const { delay } = await service.measure();
    delays.p99.push(delay.p99);
    delays.most = Math.max(delays.most, delay.most);
  }
  const alone = await send('identify', 24, 1);
  const { memory } = await service.measure();
  const times = (answers: readonly PhotoAnswers[]) => answers.map(({ milliseconds }) => milliseconds);
  const rate = (milliseconds: number) => (1000 / milliseconds).toFixed(1);
  const rows = Object.entries(routes).map(([route, answers]) => {
    const ratio = median(answers.map(({ milliseconds }, round) => bare[round]! / milliseconds));
    return [
      `photos a second, \`/v1/${route}\``,
      rate(median(times(answers))),
      `worker threads alone: ${rate(median(bare))}; ratio ${ratio.toFixed(2)}`,
    ];
  });
  const { embed, identify } = routes;
  const all = [...embed, ...identify];
  const latency = [median(identify.map(({ p50 }) => p50)), Math.max(...all.map(({ p99 }) => p99))];
  rows.push(
    [`latency with ${connections} clients, p50 and p99`, millisecondText(...latency), ''],
    ['latency with 1 client, p50 and p99', millisecondText(alone.p50, alone.p99), ''],
    ['delay of the event loop, p99 and longest', millisecondText(median(delays.p99), delays.most), ''],
    ['memory of the process', `${megabytes(memory).toFixed(0)} MB`, ''],
  );
  requireAnswers(all);
  return { rows, milliseconds: median(times(identify)) };
}

function millisecondText(...values: readonly number[]): string {
  return values.map((value) => `${value.toFixed(0)} ms`).join(', ');
}

/** Sends ten times as many requests as are answered, then looks whether the service is as fast as before. */
async function measureOverload(service: ServiceProcess, milliseconds: number) {
  const url = `${service.address}/v1/identify`;
  const photos = samplePhotos(6);
  const alone = () => sendPhotos({ url, photos, connections: 1, count: 12 });
  const before = await alone();
  const rate = Math.ceil((overload * 1000) / milliseconds);
  await service.measure();
  const flood = await floodPhotos({ url, photos, rate, count: rate * overloadSeconds });
  const { delay } = await service.measure();
  const after = await alone();
  requireAnswers([before, after]);
  const { 200: accepted = 0, 503: refused = 0, ...others } = flood.statuses;
  const isSound = flood.lost === 0 && Object.keys(others).length === 0 && flood.hasRetryAfter;
  if (!isSound) console.error(`overload: ${JSON.stringify(flood)}`);
  return [
    [
      `${rate} requests a second for ${overloadSeconds} s`,
      `${accepted} answered, ${refused} refused with \`Retry-After\`, ${flood.lost} lost`,
      `delay of the event loop, p99: ${millisecondText(delay.p99)}`,
    ],
    [
      'latency with 1 client after that, p50',
      millisecondText(after.p50),
      `before: ${millisecondText(before.p50)}`,
    ],
  ];
}

/** Sends `soakRequests` small images to a small network, and prints the memory after every `soakStep`. */
async function measureMemory(folder: string, workers: number): Promise<string[][]> {
  const model = join(folder, 'small.safetensors');
  await useBackend('cpu');
  const backbone = createBackbone({ backbone: 'small-cnn', width: 8, embeddingSize: 64, inputSize: 32 });
  const state = backbone.getState();
  const description = {
    backbone: backbone.getConfig(),
    threshold: 0.5,
    thresholdSource: 'learned',
    learnedThreshold: { cosine: 0.5, between: 'embeddings' },
    loss: { loss: 'UssLoss', scale: 32 },
  } as const;
  await writeFile(model, await encodeModel(description, state));
  tf.dispose(state);
  backbone.dispose();
  const photo = join(folder, 'small.jpg');
  await sharp(samplePhotos(1)[0]).resize(128, 128, { fit: 'cover' }).jpeg().toFile(photo);

  const service = await startService({ model, workers, people: 1000 });
  try {
    const sizes: number[] = [];
    const answers: PhotoAnswers[] = [];
    const url = `${service.address}/v1/identify`;
    for (let sent = 0; sent < soakRequests; sent += soakStep) {
      answers.push(await sendPhotos({ url, photos: [photo], connections: 6 * workers, count: soakStep }));
      sizes.push(megabytes((await service.measure()).memory));
      console.log(`${sent + soakStep} requests: ${sizes.at(-1)!.toFixed(0)} MB`);
    }
    requireAnswers(answers);
    // Until the middle, the heaps of the threads grow to the size that they need. Garbage collection makes a sawtooth of thousands of requests.
    const growth = median(sizes.slice(-5)) - median(sizes.slice(-10, -5));
    const rate = 1000 / median(answers.map(({ milliseconds }) => milliseconds));
    return [
      [
        `${soakRequests.toLocaleString('en')} requests to a small network`,
        `${rate.toFixed(0)} a second`,
        `growth of memory over the last 50,000: ${growth.toFixed(0)} MB`,
      ],
    ];
  } finally {
    await service.stop();
  }
}

function requireAnswers(answers: readonly PhotoAnswers[]): void {
  for (const { statuses, lost } of answers) {
    const others = Object.keys(statuses).filter((status) => status !== '200');
    if (lost > 0 || others.length > 0) {
      throw new Error(`${lost} requests were lost, and the answers were ${JSON.stringify(statuses)}.`);
    }
  }
}
