import {
  findPlanKernel,
  type InferenceNetwork,
  type InferencePlan,
  prepareFilterKernel,
  runPlanKernel,
  stopGradient,
} from '@openset/core';
import * as tf from '@tensorflow/tfjs-core';
import type { Network } from '../network.ts';
import { buildPlan } from './build-plan.ts';
import { foldWeight } from './fold-weights.ts';
import { runPlan } from './run-plan.ts';

/** A plan with its weights, and what they were made from. */
interface PreparedPlan {
  readonly plan: InferencePlan;
  readonly weights: readonly tf.Tensor[];
  /** Whether the backend has a kernel that runs plans, for which the weights are prepared. */
  readonly isCompiled: boolean;
  readonly source: readonly object[];
}

/** The form for inference of a network of this package. */
export class NetworkInference implements InferenceNetwork {
  private readonly network: Network;
  private readonly runPlain: (images: tf.Tensor4D) => tf.Tensor2D;
  private readonly check: (images: tf.Tensor4D) => void;
  private prepared: PreparedPlan | null = null;

  /**
   * @param check throws if the backbone cannot embed these images
   * @param runPlain computes the same without a plan, for networks with layers that plans do not know
   */
  constructor(
    network: Network,
    check: (images: tf.Tensor4D) => void,
    runPlain: (images: tf.Tensor4D) => tf.Tensor2D,
  ) {
    this.network = network;
    this.check = check;
    this.runPlain = runPlain;
  }

  forward(images: tf.Tensor4D): tf.Tensor2D {
    this.check(images);
    return stopGradient(() =>
      tf.tidy(() => {
        const prepared = this.prepare();
        if (!prepared) return this.runPlain(images);
        const result = run(prepared, images);
        return tf.reshape(result, [images.shape[0], result.shape[3]]);
      }),
    );
  }

  release(): void {
    if (this.prepared) tf.dispose([...this.prepared.weights]);
    this.prepared = null;
  }

  /** Returns the plan for the present weights and backend, or null without a plan. */
  private prepare(): PreparedPlan | null {
    const source = this.sourceOfWeights();
    if (this.prepared && isSame(this.prepared.source, source)) return this.prepared;
    this.release();
    const isCompiled = findPlanKernel() !== undefined;
    const found = buildPlan(this.network, { foldsBorders: isCompiled });
    if (!found) return null;
    const { plan, recipes } = found;
    const weights: tf.Tensor[] = [];
    try {
      for (const [index, recipe] of recipes.entries()) {
        const step = isCompiled ? plan.steps.findIndex((one) => 'filter' in one && one.filter === index) : -1;
        weights.push(tf.keep(tf.tidy(() => prepareWeight(foldWeight(recipe), plan, step))));
      }
    } catch (error) {
      tf.dispose(weights);
      throw error;
    }
    this.prepared = { plan, weights, isCompiled, source };
    return this.prepared;
  }

  /** Returns objects that change whenever a weight gets another value, or the backend or its kernel changes. */
  private sourceOfWeights(): object[] {
    const weights = this.network.layers.flatMap((layer) => layer.weights);
    const dataIds = weights.map((weight) => (weight.read() as tf.Tensor).dataId);
    return [tf.backend(), findPlanKernel() ?? runPlan, ...dataIds];
  }
}

/** Returns a weight of its own memory, in the form for the kernel if it is the filter of a step; −1 for none. */
function prepareWeight(folded: tf.Tensor, plan: InferencePlan, step: number): tf.Tensor {
  if (step < 0) return tf.clone(folded);
  const attributes = { plan, step } as object as tf.NamedAttrMap;
  return tf.engine().runKernel(prepareFilterKernel, { filter: folded }, attributes) as tf.Tensor;
}

function run({ plan, weights, isCompiled }: PreparedPlan, images: tf.Tensor4D): tf.Tensor4D {
  if (!isCompiled) return runPlan(plan, weights, images);
  const inputs = { images, ...weights } as unknown as tf.NamedTensorMap;
  return tf.engine().runKernel(runPlanKernel, inputs, { plan } as object as tf.NamedAttrMap) as tf.Tensor4D;
}

function isSame(a: readonly object[], b: readonly object[]): boolean {
  return a.length === b.length && a.every((value, index) => value === b[index]);
}
