import type { InferencePlan, PlanStep } from '@openset/core';
import type { TensorInfo } from '@tensorflow/tfjs-core';
import type { ScopedKernel } from './kernel-scope.ts';
import { runDepthwise } from './native-depthwise.ts';
import { nativeModule } from './native-module.ts';
import { prepareFilter, runConvolutionStep } from './plan-convolution.ts';
import { layOut, type PlanLayout } from './plan-layout.ts';
import { runAverageStep, runConcatenateStep, runMapStep } from './plan-maps.ts';
import { type ConvolutionStep, type PlanRun, stepGeometry, windowedStep } from './plan-step.ts';

/** `PrepareInferenceFilter`; see `prepareFilterKernel` of @openset/core. */
export const prepareInferenceFilter: ScopedKernel<
  { filter: TensorInfo },
  { plan: InferencePlan; step: number }
> = (scope, { filter }, { plan, step }) => {
  const { kind, ...rest } = plan.steps[step] as ConvolutionStep;
  // A depthwise convolution reads its filter as it is.
  if ((kind as PlanStep['kind']) !== 'convolution') return scope.reshape(filter, filter.shape);
  return prepareFilter(scope, nativeModule(scope.backend)!, filter, stepGeometry(plan, rest));
};

/** `RunInferencePlan`; see `runPlanKernel` of @openset/core. */
export const runInferencePlan: ScopedKernel<
  { readonly images: TensorInfo; readonly [weight: string]: TensorInfo },
  { plan: InferencePlan }
> = (scope, inputs, { plan }) => {
  const native = nativeModule(scope.backend)!;
  const { images } = inputs;
  const batch = images.shape[0]!;
  const result = scope.allocate([batch, ...plan.maps[plan.result]!]);
  const known = lastTasks.get(plan);
  const layout = known?.batch === batch ? known.layout : layOut(plan, batch);
  const maps = native.address(scope.allocate([layout.size]));
  const addresses = [maps, native.address(result), ...Object.values(inputs).map(native.address)];
  let tasks = known;
  if (!tasks || !isFor(tasks, batch, native.threads, addresses)) {
    tasks = { batch, threads: native.threads, layout, addresses, calls: [] };
    const { threads, calls } = tasks;
    const run: PlanRun = {
      native: { threads, run: (...call) => calls.push(call) },
      plan,
      batch,
      mapAt: (index) => {
        if (index === null) return 0;
        if (index === 0) return native.address(images);
        return index === plan.result ? native.address(result) : maps + 4 * layout.offsets[index]!;
      },
      weightAt: (index) => (index === null ? 0 : native.address(inputs[index]!)),
    };
    for (const step of plan.steps) runStep(run, step);
    lastTasks.set(plan, tasks);
  }
  for (const call of tasks.calls) native.run(...call);
  return result;
};

/** The tasks of a plan, for a batch, a number of threads and the addresses of all tensors. */
interface PlanTasks {
  readonly batch: number;
  readonly threads: number;
  readonly layout: PlanLayout;
  readonly addresses: readonly number[];
  readonly calls: Parameters<PlanRun['native']['run']>[];
}

/** The tasks of the last run of each plan. Runs with the same addresses, the rule for batches of one size, share them. */
const lastTasks = new WeakMap<InferencePlan, PlanTasks>();

function isFor(tasks: PlanTasks, batch: number, threads: number, addresses: readonly number[]): boolean {
  return (
    tasks.batch === batch &&
    tasks.threads === threads &&
    tasks.addresses.length === addresses.length &&
    tasks.addresses.every((address, index) => address === addresses[index])
  );
}

function runStep(run: PlanRun, step: PlanStep): void {
  switch (step.kind) {
    case 'convolution':
      runConvolutionStep(run, step);
      break;
    case 'depthwise': {
      const end = { residual: run.mapAt(step.residual), slopes: run.weightAt(step.slopes) };
      runDepthwise(run.native, windowedStep(run, step), end);
      break;
    }
    case 'map':
      runMapStep(run, step);
      break;
    case 'concatenate':
      runConcatenateStep(run, step);
      break;
    default:
      runAverageStep(run, step);
  }
}
