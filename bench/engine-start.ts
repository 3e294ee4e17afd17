import { createBackbone } from '@openset/backbones';
import type { Backbone } from '@openset/core';
import { loadNodeRuntime, nodeOnnxEngine } from '@openset/onnx/node';
import { backboneEngine, type ImageBatch, requireSameEmbeddings, Verifier } from '@openset/verify';
import { loadModel } from '../packages/cli/src/model/load-model.ts';
import { onnxSource } from '../packages/cli/src/model/onnx-source.ts';
import { median, type Table } from './measure.ts';
import type { BenchmarkOptions } from './side-by-side.ts';
import { startWasm } from './wasm-kernel.ts';

const batch = 16;
const rounds = 9;

/** Networks, and whether their embeddings include that of the mirror image. */
const networks: readonly (readonly [name: string, mirrors: boolean, open: () => Promise<Backbone>])[] = [
  ['faceres', false, async () => (await loadModel('faceres')).verifier.backbone],
  [
    'MobileFaceNet, with the mirror image',
    true,
    async () => createBackbone({ backbone: 'mobile-facenet', inputSize: 112 }),
  ],
  [
    'LResNet18E-IR, with the mirror image',
    true,
    async () => createBackbone({ backbone: 'lresnet-ir', depth: 18, inputSize: 112 }),
  ],
];

/**
 * Measures how long onnxruntime takes to load, to take over a network and to pass the self-check, the time of an image on `wasm`
 * and on onnxruntime, by turns, and from how many images the one gains what the other costs: what the default of `--engine` rests on.
 */
export async function engineStart({ threads }: BenchmarkOptions): Promise<Table> {
  await startWasm(threads);
  const beginning = performance.now();
  await loadNodeRuntime();
  const runtimeTime = performance.now() - beginning;
  const rows: string[][] = [];
  for (const [name, mirrors, open] of networks) {
    const backbone = await open();
    const starts: number[] = [];
    for (let round = 0; round < 3; round++) {
      const start = performance.now();
      const engine = await nodeOnnxEngine(onnxSource(backbone), { threads });
      await requireSameEmbeddings(engine, backboneEngine(backbone), backbone.inputShape);
      starts.push(performance.now() - start);
      await engine.dispose();
    }
    const engine = await nodeOnnxEngine(onnxSource(backbone), { threads });
    const verifiers = {
      wasm: new Verifier({ backbone, threshold: 0, flipSum: mirrors }),
      onnxruntime: new Verifier({ backbone, engine, threshold: 0, flipSum: mirrors }),
    };
    const images = sampleBatch(backbone);
    const times = { wasm: [] as number[], onnxruntime: [] as number[] };
    for (let round = -2; round < rounds; round++) {
      for (const side of ['wasm', 'onnxruntime'] as const) {
        const start = performance.now();
        await verifiers[side].embedBatches(once(images));
        if (round >= 0) times[side].push((performance.now() - start) / batch);
      }
    }
    const toStart = runtimeTime + median(starts);
    const gain = median(times.wasm) - median(times.onnxruntime);
    rows.push([
      name,
      `${(toStart / 1000).toFixed(2)} s`,
      `${median(times.wasm).toFixed(1)} ms`,
      `${median(times.onnxruntime).toFixed(1)} ms`,
      gain > 0 ? `${Math.ceil(toStart / gain)} images` : 'never',
    ]);
    await engine.dispose();
    backbone.dispose();
  }
  return {
    columns: ['network', 'to load and check', 'an image on `wasm`', 'on onnxruntime', 'pays from'],
    rows,
  };
}

function sampleBatch({ inputShape: [height, width, channels] }: Backbone): ImageBatch {
  const shape = [batch, height ?? 112, width ?? 112, channels] as const;
  const length = shape.reduce((product, size) => product * size, 1);
  return { images: Float32Array.from({ length }, (_, index) => Math.sin(index)), shape };
}

async function* once(images: ImageBatch) {
  yield images;
}
