import { lresnetIR } from '@openset/backbones';
import { BceUnifiedLoss } from '@openset/bce-unified';
import { minimize, normalValues, type OpenSetLoss } from '@openset/core';
import { CosFaceLoss } from '@openset/margin';
import { Sgd } from '@openset/train';
import * as tf from '@tensorflow/tfjs';
import { median, type Table, time } from './measure.ts';
import { predictSpeedup, type ScalingPlan, type StepCosts } from './scaling/predict-step.ts';
import type { BenchmarkOptions } from './side-by-side.ts';
import { makeTrainingStep } from './training-step.ts';
import { sampleLabels, startWasm } from './wasm-kernel.ts';

const depth = 18;
const side = 112;
const embeddingSize = 512;
const batchPerRank = 16;
const lossClasses = 10_572;

/** Classes of the papers' data, and how many of them take part in a step. */
const tasks = [
  { name: '10,572 (CASIA-WebFace)', classes: 10_572 },
  { name: '360,232 (Glint360K)', classes: 360_232 },
  { name: '2,059,906 (WebFace42M), 10 % sampled', classes: 205_991 },
];
const rankCounts = [2, 8, 16, 32, 64];
const gigabits = [1, 10, 100];
/** Of TCP over Ethernet, with what MPI adds, in seconds. */
const latency = 50e-6;

/**
 * Measures what a training step of LResNet18E-IR costs here, and predicts how many times faster ranks are than one rank with the same
 * global batch, if gradients travel during the backward pass: on links of 1, 10 and 100 Gbit/s, with the loss computed by all ranks or its classes split among them.
 */
export async function scalingModel({ threads }: BenchmarkOptions): Promise<Table> {
  await startWasm(threads);
  const costs = measureCosts();
  const rows = tasks.flatMap(({ name, classes }) =>
    rankCounts.map((ranks) => {
      const speedups = gigabits.flatMap((rate) =>
        [false, true].map((isSharded) => {
          const bandwidth = rate * 1e9;
          const plan: ScalingPlan = {
            ...{ ranks, batchPerRank, classes, isSharded, bandwidth, latency },
            overlaps: true,
          };
          return speedupText(predictSpeedup(costs, plan), ranks);
        }),
      );
      return [name, String(ranks), ...speedups];
    }),
  );
  console.log(costsText(costs));
  const columns = gigabits.flatMap((rate) => [`${rate} Gbit/s`, `${rate} Gbit/s, classes split`]);
  return { columns: ['classes', 'ranks', ...columns], rows };
}

/** Measures the costs by batches of two sizes: what grows with the batch, and what does not. */
function measureCosts(): StepCosts {
  const [small, large] = [4, batchPerRank] as const;
  const network = medianSeconds(networkWork(small), networkWork(large), 9);
  const image = (network.large - network.small) / (large - small);
  const [few, many] = [16, 256] as const;
  const loss = medianSeconds(lossWork(few), lossWork(many), 9);
  const pair = (loss.large - loss.small) / (many - few) / lossClasses;
  return {
    image,
    network: Math.max(0, network.large - large * image),
    pair,
    class: Math.max(0, loss.large / lossClasses - many * pair),
    parameters: countParameters(),
    embeddingSize,
  };
}

interface Work {
  step(): void;
  dispose(): void;
}

/** A training step whose loss costs nothing beside the network: it has two classes. */
function networkWork(batch: number): Work {
  const loss = new CosFaceLoss({ numClasses: 2, embeddingSize });
  return makeTrainingStep({ depth, side, batch, classes: 2, loss, learningRate: 0.01 });
}

/** A loss with gradients, and the update of its weights. */
function lossWork(batch: number): Work {
  const loss: OpenSetLoss = new BceUnifiedLoss({ numClasses: lossClasses, embeddingSize });
  const optimizer = new Sgd({ learningRate: 0.01, momentum: 0.9, weightDecay: 5e-4 });
  const embeddings = tf.variable(normalValues([batch, embeddingSize], 1, 1));
  const labels = sampleLabels(batch, lossClasses);
  return {
    step() {
      const value = minimize(optimizer, loss, () => embeddings as tf.Tensor2D, labels);
      value.dataSync();
      value.dispose();
    },
    dispose() {
      loss.dispose();
      optimizer.dispose();
      tf.dispose([embeddings, labels]);
    },
  };
}

/** Returns the median durations of both works, which take turns, in seconds. Disposes of them. The first two rounds warm up. */
function medianSeconds(small: Work, large: Work, rounds: number): { small: number; large: number } {
  const times = Array.from({ length: rounds + 2 }, () => [time(small.step), time(large.step)] as const);
  small.dispose();
  large.dispose();
  const measured = times.slice(2);
  return {
    small: median(measured.map(([first]) => first)) / 1000,
    large: median(measured.map(([, second]) => second)) / 1000,
  };
}

function countParameters(): number {
  const backbone = lresnetIR({ depth, inputSize: side });
  const parameters = backbone.trainable.reduce((sum, { size }) => sum + size, 0);
  backbone.dispose();
  return parameters;
}

/** Bold: at least half of the ranks' time is work that one rank would do too. */
function speedupText(speedup: number, ranks: number): string {
  const text = `${speedup.toFixed(1)} ×`;
  return speedup >= ranks / 2 ? `**${text}**` : text;
}

function costsText(costs: StepCosts): string {
  const { image, network, pair, class: perClass, parameters } = costs;
  const parts = [
    `network: ${(1000 * image).toFixed(1)} ms an image and ${(1000 * network).toFixed(1)} ms a step, ${(parameters / 1e6).toFixed(1)} million values`,
    `loss: ${(1e9 * pair).toFixed(1)} ns for a sample and a class, ${(1e6 * perClass).toFixed(2)} µs a class`,
  ];
  return `${parts.join('; ')}\n`;
}
