import type { InferencePlan, PlanStep } from '@openset/core';
import { sizeOf } from './plan-step.ts';

/** Where the maps between images and result are, in one block of memory. */
export interface PlanLayout {
  /** First value of each map, by its index; undefined for images and result, which are tensors. */
  readonly offsets: readonly (number | undefined)[];
  /** Values of the block. */
  readonly size: number;
}

/** Values to which maps are aligned, a cache line, and between them: some tasks read or write up to 12 bytes behind a map. */
const alignment = 16;

/** Returns places for the maps of a plan: maps that exist at the same time do not overlap. */
export function layOut({ maps, steps, result }: InferencePlan, batch: number): PlanLayout {
  const lastReader = new Map(steps.flatMap((step, index) => mapsRead(step).map((map) => [map, index])));
  const offsets: (number | undefined)[] = maps.map(() => undefined);
  let live: { readonly map: number; readonly start: number; readonly end: number }[] = [];
  let size = 0;
  for (const [index, { output }] of steps.entries()) {
    // A step never writes where it reads.
    live = live.filter(({ map }) => (lastReader.get(map) ?? -1) >= index);
    if (output === result) continue;
    const length = alignment * (Math.ceil((batch * sizeOf(maps[output]!)) / alignment) + 1);
    let start = 0;
    for (const one of live) {
      if (start + length <= one.start) break;
      start = Math.max(start, one.end);
    }
    offsets[output] = start;
    live.push({ map: output, start, end: start + length });
    live.sort((a, b) => a.start - b.start);
    size = Math.max(size, start + length);
  }
  return { offsets, size };
}

/** Returns the maps that a step reads. */
function mapsRead(step: PlanStep): readonly number[] {
  if (step.kind === 'concatenate') return step.inputs;
  return 'residual' in step && step.residual !== null ? [step.input, step.residual] : [step.input];
}
