import type { InferencePlan, PlanStep } from '@openset/core';
import type { TensorInfo } from '@tensorflow/tfjs-core';
import type { ScopedKernel } from './kernel-scope.ts';
import { runDepthwise } from './native-depthwise.ts';
import { nativeModule } from './native-module.ts';
import { prepareFilter, runConvolutionStep } from './plan-convolution.ts';
import { layOut } from './plan-layout.ts';
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
  const { offsets, size } = layOut(plan, batch);
  const result = scope.allocate([batch, ...plan.maps[plan.result]!]);
  const maps = native.address(scope.allocate([size]));
  const run: PlanRun = {
    native,
    plan,
    batch,
    mapAt: (index) => {
      if (index === null) return 0;
      if (index === 0) return native.address(images);
      return index === plan.result ? native.address(result) : maps + 4 * offsets[index]!;
    },
    weightAt: (index) => (index === null ? 0 : native.address(inputs[index]!)),
  };
  for (const step of plan.steps) runStep(run, step);
  return result;
};

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
