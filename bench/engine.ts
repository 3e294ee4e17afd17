import { createBackbone } from '@openset/backbones';
import { type BackboneConfig, randomNumbers } from '@openset/core';
import { exportOnnx, type OnnxSource } from '@openset/onnx';
import { loadNodeRuntime, nodeOnnxEngine } from '@openset/onnx/node';
import { Verifier } from '@openset/verify';
import { median, type Table } from './measure.ts';
import type { BenchmarkOptions } from './side-by-side.ts';
import { startWasm } from './wasm-kernel.ts';

const networks: readonly (readonly [name: string, config: BackboneConfig])[] = [
  ['LResNet18E-IR', { backbone: 'lresnet-ir', depth: 18, inputSize: 112 }],
  ['MobileFaceNet', { backbone: 'mobile-facenet', inputSize: 112 }],
];

/** Images a second of a `Verifier` with onnxruntime beside a bare session of it, with mirror images, by turns. */
export async function engine({ threads, only }: BenchmarkOptions): Promise<Table> {
  await startWasm(threads);
  const { runtime } = await loadNodeRuntime();
  const rows: string[][] = [];
  for (const [name, config] of networks) {
    if (only !== undefined && !name.includes(only)) continue;
    const backbone = createBackbone(config);
    const source = backbone as typeof backbone & OnnxSource;
    const opened = await nodeOnnxEngine(source, { threads });
    const verifier = new Verifier({ backbone, engine: opened, threshold: 0 });
    const bytes = await exportOnnx(source, { layout: 'nhwc', flipSum: true, foldBatchNorms: true });
    const session = await runtime.InferenceSession.create(bytes, {
      ...{ logSeverityLevel: 3, intraOpNumThreads: threads, interOpNumThreads: 1 },
    });
    for (const batch of [1, 16]) {
      const shape = [batch, 112, 112, 3] as const;
      const random = randomNumbers(batch);
      const images = Float32Array.from({ length: batch * 112 * 112 * 3 }, () => 2 * random() - 1);
      const bare = async () => {
        await session.run({ input: new runtime.Tensor('float32', images, shape) });
      };
      const batches = async function* () {
        yield { images, shape };
      };
      const ours = async () => {
        await verifier.embedBatches(batches());
      };
      const times = { bare: [] as number[], ours: [] as number[] };
      for (let run = -2; run < (batch === 1 ? 41 : 9); run++) {
        for (const [side, work] of [
          ['bare', bare],
          ['ours', ours],
        ] as const) {
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
    await session.release();
    await opened.dispose();
    backbone.dispose();
  }
  return { columns: ['with mirror images', 'bare onnxruntime', '`--engine onnxruntime`', 'ratio'], rows };
}
