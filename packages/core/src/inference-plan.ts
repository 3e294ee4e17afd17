import * as tf from '@tensorflow/tfjs-core';

/**
 * Name under which a backend may register a kernel that runs an {@link InferencePlan} as a whole.
 *
 * Inputs: `images` `[batch, height, width, channels]`, and the weights of the plan by their index, `'0'`, `'1'`, …; filters are
 * those that {@link prepareFilterKernel} returned. Attributes: `{ plan }`. Output: the result `[batch, height, width, channels]`.
 */
export const runPlanKernel = 'RunInferencePlan';

/**
 * Name of the kernel that brings a filter into the form that {@link runPlanKernel} reads. Input: `filter`, as in the plan.
 * Attributes: `{ plan, step }`, with the step that it belongs to. Output: a tensor of any shape.
 */
export const prepareFilterKernel = 'PrepareInferenceFilter';

/** What a kernel package registers under {@link runPlanKernel}. */
export interface RunPlanKernelConfig extends tf.KernelConfig {
  /** Whether the kernel can run here; if not, plain operations of tfjs run. */
  readonly supports: () => boolean;
}

/** A map of one image: height, width and channels. */
export type MapShape = readonly [height: number, width: number, channels: number];

/** A window that slides over a map: its `size` in rows and columns, the `stride` in pixels, and `pad`, the zeros on each side. */
export interface PlanWindow {
  readonly size: readonly [number, number];
  readonly stride: number;
  readonly pad: number;
}

/** Output of the steps that end with `activation(sum + bias + residual)`. Maps and weights are indices; null for none. */
interface PlanEnd {
  readonly input: number;
  readonly output: number;
  /** `[channels]` of the output; with `hasBorders` `[16, channels]`, see {@link biasRow}. */
  readonly bias: number | null;
  /** A map of the shape of the output. */
  readonly residual: number | null;
  /** `[channels]`: slopes for negative values, 0 for ReLU. Null for no activation. */
  readonly slopes: number | null;
}

/**
 * One step of a plan. `input`, `inputs` and `output` are indices of maps, `filter` and `scale` indices of weights; null for none. `window`
 * is what slides over the input.
 */
export type PlanStep =
  /** A convolution; its filter is `[height, width, in, out]`. */
  | (PlanEnd & {
      readonly kind: 'convolution';
      readonly window: PlanWindow;
      readonly filter: number;
      /** Whether the bias depends on which taps lie outside the map. */
      readonly hasBorders: boolean;
    })
  /** A convolution of each channel by itself; its filter is `[height, width, channels, 1]`. */
  | (PlanEnd & { readonly kind: 'depthwise'; readonly window: PlanWindow; readonly filter: number })
  /** The input times `scale` `[channels]`. */
  | (PlanEnd & { readonly kind: 'map'; readonly scale: number | null })
  /** The channels of the first input, then those of the second. */
  | { readonly kind: 'concatenate'; readonly inputs: readonly [number, number]; readonly output: number }
  /** The mean of each window. */
  | {
      readonly kind: 'average';
      readonly window: PlanWindow;
      readonly input: number;
      readonly output: number;
    };

/** A network as steps over maps, each of which one step writes. Map 0 holds the images. */
export interface InferencePlan {
  /** Shape of each map for one image; steps name maps by their index. */
  readonly maps: readonly MapShape[];
  /** In the order of their execution. */
  readonly steps: readonly PlanStep[];
  /** The map that the plan returns. */
  readonly result: number;
}

/**
 * Returns the row of a bias with borders for a pixel of the output: 1 if a tap lies above the map, 2 below, 4 on the left and 8
 * on the right, added up.
 */
export function biasRow(
  [height, width]: MapShape,
  { size, stride, pad }: PlanWindow,
  y: number,
  x: number,
): number {
  const [top, left] = [y * stride - pad, x * stride - pad];
  const rows = (top < 0 ? 1 : 0) + (top + size[0] > height ? 2 : 0);
  return rows + (left < 0 ? 4 : 0) + (left + size[1] > width ? 8 : 0);
}

/** Returns the kernel of the active backend that runs plans, if it has one that can run. */
export function findPlanKernel(): RunPlanKernelConfig | undefined {
  const kernel = tf.getKernel(runPlanKernel, tf.getBackend()) as RunPlanKernelConfig | undefined;
  return kernel?.supports() ? kernel : undefined;
}
