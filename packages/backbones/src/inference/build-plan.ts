import type { InferencePlan, MapShape, PlanStep, PlanWindow } from '@openset/core';
import type { SymbolicTensor } from '@tensorflow/tfjs-layers';
import type { Layer } from '../layers/stock-layer.ts';
import type { Network } from '../network.ts';
import type { Segment } from '../segment.ts';
import type { WeightRecipe } from './fold-weights.ts';

/** A plan, and how its weights follow from those of the network. */
export interface NetworkPlan {
  readonly plan: InferencePlan;
  readonly recipes: readonly WeightRecipe[];
}

/** A value of the network: a map, and what its readers have to apply to it first. */
interface View {
  readonly map: number;
  /** A batch norm. */
  readonly norm: Layer | null;
  /** Zeros on each side, after the batch norm. */
  readonly pad: number;
  /** Whether it is a row of all values of the map. */
  readonly isFlat: boolean;
}

type Mutable<T> = { -readonly [Key in keyof T]: T[Key] };
type Convolution = Extract<PlanStep, { kind: 'convolution' | 'depthwise' }>;
/** A step that may take over what follows it. `norm` is the batch norm of its results. */
interface Draft {
  step: Mutable<Exclude<PlanStep, Convolution> | Convolution>;
  kernel: Layer | null;
  inputNorm: Layer | null;
  norm: Layer | null;
  activation: Layer | null;
}

/**
 * Returns the plan of a network: batch norms become part of the convolutions before or after them; sums, PReLU and ReLU part of
 * the step before them. Returns null if the network has a layer that plans do not know.
 *
 * @param foldsBorders whether a batch norm before a padded convolution becomes part of it, with a bias that depends on which taps
 *   lie outside the map; else it is a step of its own
 */
export function buildPlan(
  { segments }: Pick<Network, 'segments'>,
  { foldsBorders }: { foldsBorders: boolean },
): NetworkPlan | null {
  return new PlanBuilder(segments, foldsBorders).build();
}

class PlanBuilder {
  private readonly segments: readonly Segment[];
  private readonly foldsBorders: boolean;
  private readonly maps: MapShape[] = [];
  private readonly drafts: Draft[] = [];
  private readonly views = new Map<number, View>();
  private readonly readers = new Map<number, number>();
  /** Maps that several layers read, in whatever form. */
  private readonly shared = new Set<number>();
  private readonly recipes: WeightRecipe[] = [];

  constructor(segments: readonly Segment[], foldsBorders: boolean) {
    this.segments = segments;
    this.foldsBorders = foldsBorders;
  }

  build(): NetworkPlan | null {
    const steps = this.segments.flatMap((segment) => segment.steps);
    for (const { id } of steps.flatMap(({ inputs }) => inputs)) {
      this.readers.set(id, (this.readers.get(id) ?? 0) + 1);
    }
    this.setView(this.segments[0]!.input, this.newMap(this.segments[0]!.input));
    for (const { layer, inputs, output } of steps) {
      const view = this.addLayer(layer, inputs, output);
      if (!view) return null;
      this.setView(output, view);
    }
    const result = this.mapOf(this.views.get(this.segments.at(-1)!.output.id)!);
    const plan = { maps: this.maps, steps: this.drafts.map((draft) => this.finish(draft)), result };
    return { plan, recipes: this.recipes };
  }

  private addLayer(layer: Layer, inputs: readonly SymbolicTensor[], output: SymbolicTensor): View | null {
    const [input] = inputs as [SymbolicTensor];
    const view = this.views.get(input.id)!;
    const open = this.openDraft(input);
    const name = layer.getClassName();
    if (view.isFlat && !['Dense', 'Dropout'].includes(name)) return null;
    switch (name) {
      case 'Dropout':
        return view;
      case 'Flatten':
        return { ...view, isFlat: true };
      case 'ZeroPadding2D': {
        const [[top], [left]] = layer.getConfig().padding as [[number, number], [number, number]];
        return top === left && view.pad === 0 ? { ...view, pad: top } : null;
      }
      case 'BatchNormalization':
        if (open?.kernel && !open.norm && !open.activation && residualOf(open) === null) {
          open.norm = layer;
          return view;
        }
        return { ...view, map: this.mapOf(view), norm: layer };
      case 'PReLU':
      case 'ReLU':
        return this.addActivation(layer, input, output);
      case 'Add':
        return this.addSum(inputs, output);
      case 'Conv2D':
      case 'DepthwiseConv2D':
      case 'Dense':
        return this.addConvolution(layer, view, output);
      case 'Concatenate': {
        const maps = inputs.map(({ id }) => this.mapOf(this.views.get(id)!)) as [number, number];
        const target = this.newMap(output);
        return this.addDraft({ kind: 'concatenate', inputs: maps, output: target.map }, target);
      }
      case 'AveragePooling2D':
      case 'GlobalAveragePooling2D':
        return this.addAverage(layer, view, output);
      default:
        return null;
    }
  }

  private addActivation(layer: Layer, input: SymbolicTensor, output: SymbolicTensor): View {
    const view = this.views.get(input.id)!;
    const open = this.openDraft(input);
    if (open && !open.activation) {
      open.activation = layer;
      return view;
    }
    const target = this.newMap(output);
    return this.addDraft(mapStep(view.map, target.map), target, {
      norm: view.norm,
      activation: layer,
    });
  }

  private addSum(inputs: readonly SymbolicTensor[], output: SymbolicTensor): View {
    const views = inputs.map(({ id }) => this.views.get(id)!);
    const maps = views.map((view) => this.mapOf(view)) as [number, number];
    // The step that runs last can read the other map.
    const later = maps[0] > maps[1] ? 0 : 1;
    const open = this.openDraft(inputs[later]!);
    if (open?.kernel && !open.activation && residualOf(open) === null) {
      (open.step as Mutable<Convolution>).residual = maps[1 - later]!;
      return views[later]!;
    }
    const target = this.newMap(output);
    return this.addDraft({ ...mapStep(maps[0], target.map), residual: maps[1] }, target);
  }

  private addConvolution(layer: Layer, view: View, output: SymbolicTensor): View {
    const kind = layer.getClassName() === 'DepthwiseConv2D' ? 'depthwise' : 'convolution';
    const window = this.windowOf(layer, view);
    const foldsNorm =
      kind === 'convolution' &&
      (window.pad === 0 || (window.pad === 1 && this.foldsBorders && isThreeByThree(window)));
    const input = foldsNorm ? view.map : this.mapOf({ ...view, pad: 0 });
    const inputNorm = foldsNorm ? view.norm : null;
    const target = this.newMap(output);
    const end = { input, output: target.map, bias: null, residual: null, slopes: null };
    const hasBorders = inputNorm !== null && window.pad > 0;
    const step =
      kind === 'depthwise'
        ? { ...end, kind, window, filter: 0 }
        : { ...end, kind, window, filter: 0, hasBorders };
    return this.addDraft(step as Mutable<Convolution>, target, { kernel: layer, inputNorm });
  }

  private windowOf(layer: Layer, view: View): PlanWindow {
    if (layer.getClassName() === 'Dense') {
      const [height, width] = this.maps[view.map]!;
      return { size: [height, width], stride: 1, pad: 0 };
    }
    const { kernelSize, strides, padding } = layer.getConfig() as unknown as {
      kernelSize: [number, number];
      strides: [number, number];
      padding: string;
    };
    // Padding 'same' always goes with an odd size and a stride of 1.
    return {
      size: kernelSize,
      stride: strides[0],
      pad: padding === 'same' ? (kernelSize[0] - 1) / 2 : view.pad,
    };
  }

  private addAverage(layer: Layer, view: View, output: SymbolicTensor): View {
    const input = this.mapOf(view);
    const [height, width] = this.maps[input]!;
    const isGlobal = layer.getClassName() === 'GlobalAveragePooling2D';
    const window: PlanWindow = isGlobal
      ? { size: [height, width], stride: 1, pad: 0 }
      : { size: [2, 2], stride: 2, pad: 0 };
    const target = this.newMap(output);
    return this.addDraft({ kind: 'average', window, input, output: target.map }, target);
  }

  private setView({ id }: SymbolicTensor, view: View): void {
    this.views.set(id, view);
    if (this.readers.get(id)! > 1) this.shared.add(view.map);
  }

  /** Returns the step that wrote a value, if it may take over the only layer that reads the value. */
  private openDraft({ id }: SymbolicTensor): Draft | null {
    const { map, norm, pad } = this.views.get(id)!;
    if (this.shared.has(map) || norm || pad > 0) return null;
    const draft = this.drafts.find(({ step }) => step.output === map);
    return draft && 'bias' in draft.step ? draft : null;
  }

  /** Returns the map of a value; a batch norm that is still to be applied becomes a step. */
  private mapOf({ map, norm, pad }: View): number {
    if (pad > 0) throw new Error('Only convolutions read padded maps.');
    if (!norm) return map;
    this.maps.push(this.maps[map]!);
    const target = this.maps.length - 1;
    this.addDraft(mapStep(map, target), this.viewOf(target), { norm });
    return target;
  }

  private newMap({ shape }: SymbolicTensor): View {
    const sizes = shape.slice(1) as number[];
    this.maps.push((sizes.length === 3 ? sizes : [1, 1, sizes[0]!]) as unknown as MapShape);
    return this.viewOf(this.maps.length - 1);
  }

  private viewOf(map: number): View {
    return { map, norm: null, pad: 0, isFlat: false };
  }

  private addDraft(step: Draft['step'], target: View, rest: Partial<Draft> = {}): View {
    this.drafts.push({ step, kernel: null, inputNorm: null, norm: null, activation: null, ...rest });
    return target;
  }

  /** Gives a step its weights. */
  private finish({ step, kernel, inputNorm, norm, activation }: Draft): PlanStep {
    if (step.kind === 'concatenate' || step.kind === 'average') return step;
    const slopes =
      activation && this.addRecipe({ kind: 'slopes', activation, channels: this.maps[step.output]![2] });
    if (step.kind === 'map') {
      const scale = norm && this.addRecipe({ kind: 'scale', norm });
      return { ...step, scale, bias: norm && this.addRecipe({ kind: 'shift', norm }), slopes };
    }
    const parts = {
      kernel: kernel!,
      inputNorm,
      norm,
      inputShape: this.maps[step.input]!,
      window: step.window,
    };
    const filter = this.addRecipe({ kind: 'filter', ...parts });
    const hasBias = norm !== null || inputNorm !== null;
    const hasBorders = step.kind === 'convolution' && step.hasBorders;
    const bias = hasBias ? this.addRecipe({ kind: 'bias', ...parts, hasBorders }) : null;
    return { ...step, filter, bias, slopes };
  }

  private addRecipe(recipe: WeightRecipe): number {
    this.recipes.push(recipe);
    return this.recipes.length - 1;
  }
}

function mapStep(input: number, output: number): Mutable<Extract<PlanStep, { kind: 'map' }>> {
  return { kind: 'map', input, output, scale: null, bias: null, residual: null, slopes: null };
}

function residualOf({ step }: Draft): number | null {
  return 'residual' in step ? step.residual : null;
}

function isThreeByThree({ size: [height, width] }: PlanWindow): boolean {
  return height === 3 && width === 3;
}
