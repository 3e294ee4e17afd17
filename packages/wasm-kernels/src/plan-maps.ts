import type { PlanStep } from '@openset/core';
import { averageTask, mapTask } from './inference-task-ids.ts';
import { axesOf, type PlanRun, sizeOf } from './plan-step.ts';
import { windowedImageWords } from './windowed-convolution.ts';
import { outputWindows } from './windows.ts';

/** Values of a chunk. */
const chunkValues = 16384;

/** Runs a step that scales, shifts, adds or activates a map. */
export function runMapStep(run: PlanRun, step: Extract<PlanStep, { kind: 'map' }>): void {
  const { mapAt, weightAt } = run;
  runRows(run, step.input, mapAt(step.output), run.plan.maps[step.output]![2], [
    weightAt(step.scale),
    weightAt(step.bias),
    mapAt(step.residual),
    weightAt(step.slopes),
  ]);
}

/** Runs a step that puts the channels of one map after those of another. */
export function runConcatenateStep(run: PlanRun, step: Extract<PlanStep, { kind: 'concatenate' }>): void {
  const { plan, mapAt } = run;
  const [first, second] = step.inputs;
  const channels = plan.maps[step.output]![2];
  const target = mapAt(step.output);
  runRows(run, first, target, channels, [0, 0, 0, 0]);
  runRows(run, second, target + 4 * plan.maps[first]![2], channels, [0, 0, 0, 0]);
}

/** Writes the rows of a map, `targetStride` values apart. `operands`: addresses of scale, bias, residual and slopes. */
function runRows(
  { native, plan, batch, mapAt }: PlanRun,
  input: number,
  target: number,
  targetStride: number,
  operands: readonly [number, number, number, number],
): void {
  const [height, width, channels] = plan.maps[input]!;
  const rows = batch * height * width;
  const rowsPerChunk = Math.max(1, Math.floor(chunkValues / channels));
  const words = [mapAt(input), rows, channels, target, targetStride, ...operands, rowsPerChunk];
  native.run(mapTask, Math.ceil(rows / rowsPerChunk), words);
}

/** Runs a step that takes the means of windows. */
export function runAverageStep(run: PlanRun, step: Extract<PlanStep, { kind: 'average' }>): void {
  const { native, plan, batch, mapAt } = run;
  const [from, to] = [plan.maps[step.input]!, plan.maps[step.output]!];
  const [height, width] = axesOf(from, to, step.window);
  const windows = { height: outputWindows(height), width: outputWindows(width) };
  const image = { image: mapAt(step.input), batch, channels: from[2], ...windows };
  const rows = batch * to[0];
  const rowsPerChunk = Math.max(1, Math.floor((chunkValues * to[0]) / sizeOf(from)));
  const words = [...windowedImageWords(image), mapAt(step.output), rowsPerChunk];
  native.run(averageTask, Math.ceil(rows / rowsPerChunk), words);
}
