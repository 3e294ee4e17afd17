import { readFile } from 'node:fs/promises';
import { monitorEventLoopDelay } from 'node:perf_hooks';
import { MemoryGallery } from '@openset/gallery';
import { createServer } from '@openset/server';
import { openRecognizer } from '../../packages/cli/src/recognizer/open-recognizer.ts';

// A process with the service, for `npm run bench -- server`: the client runs in another one.

/** What to serve. */
export interface ServiceSettings {
  readonly model: string;
  readonly workers: number;
  /** Number of random people in the gallery. */
  readonly people: number;
}

/** A question of the client. */
export type ServiceQuestion =
  | { readonly kind: 'measure' }
  /** Recognises photos without HTTP, on the same threads, with all of them busy. */
  | {
      readonly kind: 'bare';
      readonly photos: readonly string[];
      readonly count: number;
      readonly parallel: number;
    }
  | { readonly kind: 'stop' };

/** The answer to `measure`: what happened since the last one. */
export interface ServiceFacts {
  /** Resident memory of the process, in bytes. */
  readonly memory: number;
  /** Delay of the event loop in milliseconds. */
  readonly delay: { readonly p99: number; readonly most: number };
}

/** Milliseconds between two looks at the event loop; a look that comes later is the delay. */
const resolution = 10;

const settings = JSON.parse(process.argv[2]!) as ServiceSettings;
const { model, workers, people } = settings;
const recognizer = await openRecognizer({ model, workers });
const { name, fingerprint, embeddingSize, description } = recognizer.model;
const gallery = new MemoryGallery({
  model: { name, fingerprint },
  embeddingSize,
  crop: description.crop ?? null,
  comparison: 'mean',
});
for (let person = 0; person < people; person++) {
  const values = Float32Array.from({ length: embeddingSize }, () => Math.random() - 0.5);
  const length = Math.hypot(...values);
  await gallery.enroll(`person ${person}`, [{ values: values.map((value) => value / length) }]);
}
const server = await createServer({ recognizer, gallery });
const address = await server.listen({ port: 0 });
const delays = monitorEventLoopDelay({ resolution });
delays.enable();

async function recogniseBare({ photos, count, parallel }: Extract<ServiceQuestion, { kind: 'bare' }>) {
  const files = await Promise.all(photos.map((path) => readFile(path)));
  let next = 0;
  const start = performance.now();
  await Promise.all(
    Array.from({ length: parallel }, async () => {
      for (let index = next++; index < count; index = next++) {
        await recognizer.recognize(Uint8Array.from(files[index % files.length]!));
      }
    }),
  );
  return (performance.now() - start) / count;
}

function measure(): ServiceFacts {
  const delay = (nanoseconds: number) => Math.max(0, nanoseconds / 1e6 - resolution);
  const facts = {
    memory: process.memoryUsage().rss,
    delay: { p99: delay(delays.percentile(99)), most: delay(delays.max) },
  };
  delays.reset();
  return facts;
}

process.on('message', async (question: ServiceQuestion) => {
  if (question.kind === 'measure') process.send!(measure());
  if (question.kind === 'bare') process.send!(await recogniseBare(question));
  if (question.kind === 'stop') {
    await server.close();
    await recognizer.close();
    await gallery.close();
    process.disconnect();
  }
});
process.send!({ address });
