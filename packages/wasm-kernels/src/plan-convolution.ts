import type { TensorInfo } from '@tensorflow/tfjs-core';
import type { ConvolutionGeometry } from './convolution-geometry.ts';
import { packedConvolutionTask, packFilterTask } from './inference-task-ids.ts';
import type { KernelScope } from './kernel-scope.ts';
import type { NativeModule } from './native-module.ts';
import { chooseParts, type WorkPart } from './plan-parts.ts';
import { type ConvolutionStep, type PlanRun, stepGeometry } from './plan-step.ts';
import { planScheme, runWinogradStep, transformFilter } from './plan-winograd.ts';
import { windowedImageWords } from './windowed-convolution.ts';
import { outputWindows } from './windows.ts';

/** Returns the filter of a convolution of a plan in the form that {@link runConvolutionStep} reads. */
export function prepareFilter(
  scope: KernelScope,
  native: NativeModule,
  filter: TensorInfo,
  geometry: ConvolutionGeometry,
): TensorInfo {
  const scheme = planScheme(geometry);
  if (scheme) return transformFilter(scope, native, filter, geometry, scheme);
  const { inChannels, outChannels, height, width } = geometry;
  const panelCount = Math.ceil(outChannels / 8);
  const panels = scope.allocate([8 * panelCount * height.kernel * width.kernel * inChannels]);
  const operands = { ...noOperands, filter: native.address(filter), panels: native.address(panels) };
  native.run(packFilterTask, panelCount, packedWords(geometry, operands, { rows: 0, columns: 0 }));
  return panels;
}

/** Runs a convolution of a plan. */
export function runConvolutionStep(run: PlanRun, step: ConvolutionStep): void {
  const { native, plan, batch, mapAt, weightAt } = run;
  const geometry = { ...stepGeometry(plan, step), batch };
  const scheme = planScheme(geometry);
  if (scheme) {
    runWinogradStep(run, step, geometry, scheme);
    return;
  }
  const operands = {
    image: mapAt(step.input),
    filter: 0,
    panels: weightAt(step.filter),
    target: mapAt(step.output),
    bias: weightAt(step.bias),
    hasBorders: step.hasBorders,
    residual: mapAt(step.residual),
    slopes: weightAt(step.slopes),
  };
  const rows = batch * geometry.height.output * geometry.width.output;
  const part = chunkSizes(rows, geometry, native.threads);
  const chunks = Math.ceil(rows / part.rows) * Math.ceil(geometry.outChannels / part.columns);
  native.run(packedConvolutionTask, chunks, packedWords(geometry, operands, part));
}

/** Rows of a block, as in assembly/packed-convolution.ts. */
const blockRows = 128;
/** Columns whose products take as long as to copy windows, and rows whose products take as long as to read the filter. */
const columnsPerCopy = 3;
const rowsPerRead = 5;
/** Maximum values of a filter that stays in the cache. */
const cachedValues = 1 << 17;

function chunkSizes(
  rows: number,
  { height, width, inChannels, outChannels }: ConvolutionGeometry,
  threads: number,
): WorkPart {
  const taps = height.kernel * width.kernel;
  const copy = taps > 1 ? columnsPerCopy : 0;
  const read = taps * inChannels * outChannels > cachedValues ? rowsPerRead : 0;
  const limits = { rows: blockRows, columns: outChannels };
  return chooseParts({ rows, columns: outChannels }, limits, threads, (part) => {
    return part.columns * (part.rows + read) + copy * part.rows;
  });
}

const noOperands = {
  image: 0,
  filter: 0,
  panels: 0,
  target: 0,
  bias: 0,
  hasBorders: false,
  residual: 0,
  slopes: 0,
};

/** Returns the words in the order of assembly/packed-convolution.ts. */
function packedWords(
  { batch, inChannels, outChannels, height, width }: ConvolutionGeometry,
  operands: typeof noOperands,
  part: { rows: number; columns: number },
): number[] {
  const { image, filter, panels, target, bias, hasBorders, residual, slopes } = operands;
  const windows = {
    image,
    batch,
    channels: inChannels,
    height: outputWindows(height),
    width: outputWindows(width),
  };
  const words = windowedImageWords(windows);
  words.push(filter, panels, target, outChannels, bias, Number(hasBorders), residual, slopes);
  words.push(part.rows, part.columns);
  return words;
}
