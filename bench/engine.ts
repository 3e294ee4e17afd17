import { createBackbone } from '@openset/backbones';
import { type BackboneConfig, randomNumbers } from '@openset/core';
import { type OnnxRuntime, type OnnxSession, type OnnxSource, onnxEngine } from '@openset/onnx';
import { loadNodeRuntime } from '@openset/onnx/node';
import { mirrorImages, Verifier } from '@openset/verify';
import { median, type Table } from './measure.ts';
import type { BenchmarkOptions } from './side-by-side.ts';
import { startWasm } from './wasm-kernel.ts';

const networks: readonly (readonly [name: string, config: BackboneConfig])[] = [
  ['LResNet18E-IR', { backbone: 'lresnet-ir', depth: 18, inputSize: 112 }],
  ['MobileFaceNet', { backbone: 'mobile-facenet', inputSize: 112 }],
];

/** Times of a `Verifier` with onnxruntime beside those of its bare session on the same images, with mirror images, by turns. */
export async function engine({ threads, only }: BenchmarkOptions): Promise<Table> {
  await startWasm(threads);
  const rows: string[][] = [];
  for (const [name, config] of networks) {
    if (only !== undefined && !name.includes(only)) continue;
    const backbone = createBackbone(config);
    const { opened, session, runtime } = await openWithSession(
      backbone as typeof backbone & OnnxSource,
      threads,
    );
    const verifier = new Verifier({ backbone, engine: opened, threshold: 0 });
    for (const batch of [1, 16]) {
      const shape = [batch, 112, 112, 3] as const;
      const random = randomNumbers(batch);
      const images = Float32Array.from({ length: batch * 112 * 112 * 3 }, () => 2 * random() - 1);
      const both = new Float32Array(2 * images.length);
      both.set(images);
      both.set(mirrorImages(images, shape), images.length);
      const bare = async () => {
        await session.run({ input: new runtime.Tensor('float32', both, [2 * batch, 112, 112, 3]) });
      };
      const batches = async function* () {
        yield { images, shape };
      };
      const ours = async () => {
        await verifier.embedBatches(batches());
      };
      const times = { bare: [] as number[], ours: [] as number[] };
      for (let run = -2; run < (batch === 1 ? 61 : 13); run++) {
        // The second of two equal works is a little faster, so they change places.
        const sides = [
          ['bare', bare],
          ['ours', ours],
        ] as const;
        for (const [side, work] of run % 2 === 0 ? sides : [...sides].reverse()) {
          const start = performance.now();
          await work();
          if (run >= 0) times[side].push(performance.now() - start);
        }
      }
      const ratio = median(times.ours.map((value, index) => value / times.bare[index]!));
      rows.push([
        `${name}, ${batch} ${batch === 1 ? 'image' : 'images'}`,
        `${median(times.bare).toFixed(1)} ms`,
        `${median(times.ours).toFixed(1)} ms`,
        ratio.toFixed(3),
      ]);
    }
    await opened.dispose();
    backbone.dispose();
  }
  return { columns: ['with mirror images', 'bare onnxruntime', '`--engine onnxruntime`', 'ratio'], rows };
}

/** Opens an engine, and returns its session, too. */
async function openWithSession(source: OnnxSource, threads: number) {
  const { runtime } = await loadNodeRuntime();
  const sessions: OnnxSession[] = [];
  const create: OnnxRuntime['InferenceSession']['create'] = async (bytes, options) => {
    sessions.push(await runtime.InferenceSession.create(bytes, options));
    return sessions[0]!;
  };
  const opened = await onnxEngine(source, {
    runtime: { Tensor: runtime.Tensor, InferenceSession: { create } },
    session: { intraOpNumThreads: threads, interOpNumThreads: 1 },
  });
  return { opened, session: sessions[0]!, runtime };
}
