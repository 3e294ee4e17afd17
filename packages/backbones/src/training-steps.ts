import type { SymbolicTensor } from '@tensorflow/tfjs-layers';
import { batchNormParameters } from './layers/batch-normalization.ts';
import { applyLayer, weightOf } from './layers/stock-layer.ts';
import type { BatchNormFollower } from './ops/batch-norm-operands.ts';
import { batchNormTraining, batchNormTrainingWithShortcut } from './ops/batch-norm-training.ts';
import type { Segment, Step, TrainingStep } from './segment.ts';

type Unordered = Omit<TrainingStep, 'lastUses'>;

/**
 * Returns the steps of a segment for training. A batch norm runs in one operation with the PReLU that alone reads its
 * result, or with the sum. A batch norm whose input others read too runs before them, and adds their gradients to its own.
 */
export function trainingSteps({ input, output, steps }: Omit<Segment, 'trainingSteps'>): TrainingStep[] {
  const readers = (tensor: SymbolicTensor) => steps.filter(({ inputs }) => inputs.includes(tensor));
  // The batch norm that runs together with a step, by the step.
  const joined = new Map<Step, Step>();
  for (const step of steps) {
    const norm = lastNormBefore(step, steps);
    if (norm && norm.output !== output && readers(norm.output).length === 1) joined.set(step, norm);
  }
  const norms = new Set(joined.values());
  const isBranch = (step: Step) => isNorm(step) && !norms.has(step) && readers(step.inputs[0]!).length > 1;
  const done = new Set<Step>();
  const results: Unordered[] = [];
  for (const step of steps) {
    for (const branch of step.inputs.flatMap(readers).filter(isBranch)) {
      if (!done.has(branch)) results.push(branchStep(branch));
      done.add(branch);
    }
    if (done.has(step) || norms.has(step)) continue;
    const norm = joined.get(step);
    results.push(norm ? joinedStep(norm, step) : plainStep(step));
  }
  return withLastUses(results, input, output);
}

/** Adds the inputs that no later step reads. The caller owns the input of the segment. */
function withLastUses(steps: Unordered[], input: SymbolicTensor, output: SymbolicTensor): TrainingStep[] {
  const read = new Set<SymbolicTensor>([input, output]);
  return steps
    .reverse()
    .map((step) => {
      const lastUses = [...new Set(step.inputs)].filter((tensor) => !read.has(tensor));
      for (const tensor of step.inputs) read.add(tensor);
      return { ...step, lastUses };
    })
    .reverse();
}

function isNorm({ layer }: Step): boolean {
  return layer.getClassName() === 'BatchNormalization';
}

/** Returns the batch norm before a PReLU or a sum; of two before a sum, the one that runs last. */
function lastNormBefore({ layer, inputs }: Step, steps: readonly Step[]): Step | undefined {
  if (!['PReLU', 'Add'].includes(layer.getClassName())) return undefined;
  return steps.findLast((step) => isNorm(step) && inputs.includes(step.output));
}

function plainStep({ layer, inputs, output }: Step): Unordered {
  return {
    inputs,
    outputs: [output],
    run: (tensors, pass) => [applyLayer(layer, tensors, pass)],
  };
}

function joinedStep({ layer: norm, inputs: [x] }: Step, { layer, inputs, output }: Step): Unordered {
  const others = inputs.filter(({ sourceLayer }) => sourceLayer !== norm);
  return {
    inputs: [x!, ...others],
    outputs: [output],
    run: ([x, shortcut], pass) => {
      const follower: BatchNormFollower = shortcut
        ? { kind: 'sum', shortcut }
        : { kind: 'prelu', slope: weightOf(layer, 'alpha') };
      return [batchNormTraining(x!, batchNormParameters(norm, x!, pass), follower)];
    },
  };
}

function branchStep({ layer, inputs: [x], output }: Step): Unordered {
  return {
    inputs: [x!],
    outputs: [output, x!],
    run: ([x], pass) => batchNormTrainingWithShortcut(x!, batchNormParameters(layer, x!, pass)),
  };
}
