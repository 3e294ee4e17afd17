import { chunkElements, chunksOf } from './chunks.ts';
import { copyTask } from './elementwise-task-ids.ts';
import type { NativeModule } from './native-module.ts';

/** One axis of a copy. Steps count elements from one index to the next. A step of 0 in the source repeats it. */
export interface CopyAxis {
  readonly size: number;
  readonly sourceStep: number;
  readonly targetStep: number;
}

/** Maximum axes of the compiled copy, after merging. */
export const maxCopyAxes = 8;

/** Drops axes of size 1, and merges adjacent axes that are contiguous in source and target. */
export function mergeAxes(axes: readonly CopyAxis[]): CopyAxis[] {
  const merged: CopyAxis[] = [];
  for (const axis of axes) {
    if (axis.size === 1) continue;
    const before = merged.at(-1);
    const isContiguous =
      before?.sourceStep === axis.size * axis.sourceStep && before.targetStep === axis.size * axis.targetStep;
    if (isContiguous) merged.splice(-1, 1, { ...axis, size: before.size * axis.size });
    else merged.push(axis);
  }
  return merged;
}

/** Copies elements from one address to another, over at most {@link maxCopyAxes} merged axes. */
export function stridedCopy(
  native: NativeModule,
  source: number,
  target: number,
  elementBytes: number,
  axes: readonly CopyAxis[],
): void {
  const merged = mergeAxes(axes);
  if (merged.some(({ size }) => size === 0)) return;
  const last = merged.at(-1);
  const contiguous = last?.sourceStep === 1 && last.targetStep === 1;
  const runBytes = elementBytes * (contiguous ? last.size : 1);
  const outer = contiguous ? merged.slice(0, -1) : merged;
  if (outer.length === 0) outer.push({ size: 1, sourceStep: 0, targetStep: 0 });
  const runs = outer.reduce((product, { size }) => product * size, 1);
  const runsOfChunk = Math.max(1, Math.floor((4 * chunkElements) / runBytes));
  const padded = (values: number[]) => [...values, ...Array<number>(maxCopyAxes - values.length).fill(0)];
  native.run(copyTask, chunksOf(runs, runsOfChunk), [
    ...[source, target, runBytes, runs, runsOfChunk, outer.length],
    ...padded(outer.map(({ size }) => size)),
    ...padded(outer.map(({ sourceStep }) => sourceStep * elementBytes)),
    ...padded(outer.map(({ targetStep }) => targetStep * elementBytes)),
  ]);
}

/** Returns the row-major strides of a shape, in elements. */
export function stridesOf(shape: readonly number[]): number[] {
  return shape.map((_, axis) => shape.slice(axis + 1).reduce((product, size) => product * size, 1));
}
