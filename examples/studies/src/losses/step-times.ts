/** A training that can be continued for some steps. */
export type Continue = (steps: number) => Promise<unknown>;

/** Time of a step of one training. */
export interface StepTime {
  readonly loss: string;
  readonly milliseconds: number;
}

/** How often each training is timed, and for how many steps. */
export interface Timing {
  readonly rounds: number;
  readonly steps: number;
}

/**
 * Times a step of each training: some steps of each in turn, for several rounds after one that does not count, and the median
 * of each over the rounds. So a busy machine slows all of them alike.
 * @param clock returns seconds; default: those that the processor spent on this process
 */
export async function timeSteps(
  trainings: ReadonlyMap<string, Continue>,
  { rounds, steps }: Timing,
  clock: () => number = cpuSeconds,
): Promise<StepTime[]> {
  const seconds = new Map<string, number[]>([...trainings.keys()].map((loss) => [loss, []]));
  for (let round = 0; round <= rounds; round++) {
    for (const [loss, train] of trainings) {
      const started = clock();
      await train(steps);
      if (round > 0) seconds.get(loss)!.push(clock() - started);
    }
  }
  return [...seconds].map(([loss, own]) => ({ loss, milliseconds: (1000 * median(own)) / steps }));
}

/** Returns how many steps fit into a number of seconds, at least one. */
export function stepsWithin(seconds: number, { milliseconds }: StepTime): number {
  return Math.max(1, Math.floor((1000 * seconds) / milliseconds));
}

/** Returns the seconds that the processor has spent on this process, in all of its threads. */
export function cpuSeconds(): number {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1e6;
}

function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = sorted.length / 2;
  return (sorted[Math.ceil(middle) - 1]! + sorted[Math.floor(middle)]!) / 2;
}
