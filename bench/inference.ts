import { lresnetIR, mobileFaceNet, type NetworkBackbone } from '@openset/backbones';
import { exportOnnx } from '@openset/onnx';
import * as tf from '@tensorflow/tfjs';
import * as ort from 'onnxruntime-node';
import { median, type Table } from './measure.ts';
import { extraHeap } from './memory.ts';
import type { BenchmarkOptions } from './side-by-side.ts';
import { startWasm } from './wasm-kernel.ts';

const networks: Readonly<Record<string, readonly [name: string, create: () => NetworkBackbone]>> = {
  r18: ['LResNet18E-IR', () => lresnetIR({ depth: 18 })],
  r50: ['LResNet50E-IR', () => lresnetIR({ depth: 50 })],
  mobile: ['MobileFaceNet', () => mobileFaceNet()],
};
const batches = [1, 16];
/** Measured rounds for one image and for 16. */
const rounds = (batch: number) => (batch === 1 ? 15 : 5);

/**
 * Measures the embeddings of images of 112² pixels: the form for inference, the network itself, and onnxruntime on the exported
 * network with as many threads.
 */
export async function inference({ threads, network, size }: BenchmarkOptions): Promise<Table> {
  await startWasm(threads);
  const chosen = network === undefined ? Object.values(networks) : [networks[network]!];
  const rows: string[][] = [];
  for (const [name, create] of chosen) {
    const backbone = create();
    const session = await startSession(backbone, threads);
    for (const batch of size === undefined ? batches : [size]) {
      rows.push([
        `${name}, ${batch} ${batch === 1 ? 'image' : 'images'}`,
        ...(await measure(backbone, session, batch)),
      ]);
    }
    await session.release();
    backbone.dispose();
  }
  return {
    columns: [
      '',
      'network',
      'form for inference',
      'onnxruntime',
      'network / inference',
      'inference / onnxruntime',
      'prepared weights',
      'memory of a pass',
    ],
    rows,
  };
}

async function startSession(backbone: NetworkBackbone, threads: number): Promise<ort.InferenceSession> {
  return ort.InferenceSession.create(await exportOnnx(backbone), {
    intraOpNumThreads: threads,
    interOpNumThreads: 1,
    executionMode: 'sequential',
    logSeverityLevel: 3,
  });
}

/** Returns the cells of a row after its name. */
async function measure(
  backbone: NetworkBackbone,
  session: ort.InferenceSession,
  batch: number,
): Promise<string[]> {
  const images = tf.randomUniform([batch, ...backbone.inputShape], -1, 1, 'float32', 1) as tf.Tensor4D;
  const transposed = tf.transpose(images, [0, 3, 1, 2]);
  const input = new ort.Tensor('float32', transposed.dataSync(), transposed.shape);
  const form = backbone.forInference();
  const embed = (network: Pick<NetworkBackbone, 'forward'> | typeof form) => () => {
    const rows = network.forward(images);
    rows.dataSync();
    rows.dispose();
  };
  const ways = [embed(backbone), embed(form), () => session.run({ input })];
  const before = tf.memory().numBytes;
  embed(form)();
  const prepared = (tf.memory().numBytes - before) / 2 ** 20;
  const times: number[][] = ways.map(() => []);
  for (let round = 0; round < rounds(batch); round++) {
    for (const [index, way] of ways.entries()) {
      // Untimed, while threads of the way before still wait for work.
      await way();
      const start = performance.now();
      await way();
      times[index]!.push(performance.now() - start);
    }
  }
  const [plain, own, theirs] = times as [number[], number[], number[]];
  const ratio = (above: number[], below: number[]) =>
    median(above.map((value, round) => value / below[round]!)).toFixed(2);
  const cells = [
    ...[plain, own, theirs].map((values) => `${median(values).toFixed(1)} ms`),
    ratio(plain, own),
    ratio(own, theirs),
    `${prepared.toFixed(0)} MB`,
    `+${extraHeap(embed(form)).toFixed(0)} MB`,
  ];
  tf.dispose([images, transposed]);
  form.release();
  return cells;
}
