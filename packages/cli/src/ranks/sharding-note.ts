import type { RunRanks } from './run-ranks.ts';

/** Classes times ranks from which the loss of all classes takes a rank as long as a large network: `bench -- scaling-model`. */
const manyClasses = 2_000_000;

/** Returns a line about how ranks share the classes; null if there is nothing to say. */
export function shardingNote(
  { size }: Pick<RunRanks, 'size'>,
  classes: number,
  shardsClasses: boolean,
): string | null {
  if (shardsClasses) {
    const [smallest, largest] = [Math.floor(classes / size), Math.ceil(classes / size)];
    const each = smallest === largest ? `${smallest}` : `${smallest} or ${largest}`;
    return `each of ${size} ranks holds ${each} of ${classes} classes`;
  }
  if (classes * size < manyClasses) return null;
  return `each of ${size} ranks computes the loss over all ${classes} classes; --shard-classes divides that and its memory`;
}
