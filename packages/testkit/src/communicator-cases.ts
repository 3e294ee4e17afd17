import type { Communicator, Numbers, Reduction } from '@openset/distributed';

/** A program that every rank runs. It throws if the communicator breaks its contract. */
export interface CommunicatorCase {
  /** What the case checks, as the name of a test. */
  readonly name: string;
  /** Runs the case on one rank. */
  readonly run: (communicator: Communicator) => Promise<void>;
}

const types = [Float32Array, Float64Array, Int32Array] as const;
/** Lengths at which libraries change their algorithm, and small ones. */
const lengths = [1, 2, 7, 1000, 20_011];

/**
 * Programs that every communicator must run without an error, on any number of ranks. They use no test framework, so that they run under
 * `mpirun` too. `communicatorConformance` of `@openset/testkit/vitest` runs them as tests.
 */
export const communicatorCases: readonly CommunicatorCase[] = [
  {
    name: 'knows its rank, the number of ranks and its host',
    run: async ({ rank, size, hostName }) => {
      requireTrue(Number.isInteger(rank) && rank >= 0 && rank < size, `rank ${rank} of ${size}`);
      requireTrue(typeof hostName === 'string' && hostName !== '', `host '${hostName}'`);
    },
  },
  {
    name: 'gives every rank another number',
    run: async (communicator) => {
      const ranks = new Int32Array(communicator.size);
      await communicator.allGather(Int32Array.of(communicator.rank), ranks);
      requireEqual(
        ranks,
        Array.from(ranks, (_, rank) => rank),
      );
    },
  },
  ...(['sum', 'max', 'min'] as const).map(
    (reduction): CommunicatorCase => ({
      name: `allReduce computes the ${reduction} of every type and length`,
      run: async (communicator) => {
        for (const Type of types) {
          for (const length of lengths) {
            const values = new Type(length).map((_, index) => exampleValue(communicator.rank, index));
            await communicator.allReduce(values, reduction);
            requireEqual(values, expectedReduction(communicator.size, reduction, 0, length));
          }
        }
      },
    }),
  ),
  {
    name: 'allReduce gives all ranks the same bits of a sum that is rounded',
    run: async (communicator) => {
      const { rank, size } = communicator;
      const values = Float32Array.from({ length: 5000 }, (_, index) => Math.sin(index * (rank + 1)) / 3);
      await communicator.allReduce(values);
      for (const [index, value] of values.entries()) {
        const exact = Array.from({ length: size }, (_, other) =>
          Math.fround(Math.sin(index * (other + 1)) / 3),
        ).reduce((sum, one) => sum + one, 0);
        requireTrue(Math.abs(value - exact) <= size * 2 ** -22, `sum ${value}, expected ${exact}`);
      }
      const all = new Float32Array(size * values.length);
      await communicator.allGather(values, all);
      for (let other = 0; other < size; other++)
        requireEqual(all.subarray(other * values.length, (other + 1) * values.length), values);
    },
  },
  {
    name: 'several operations are under way at a time',
    run: async (communicator) => {
      const { rank, size } = communicator;
      const arrays = Array.from({ length: 20 }, (_, index) => new Float32Array(3000).fill(rank + index));
      const all = new Int32Array(size);
      const calls = [
        ...arrays.map((values) => communicator.allReduce(values)),
        communicator.allGather(Int32Array.of(rank), all),
        communicator.barrier(),
      ];
      await Promise.all(calls);
      for (const [index, values] of arrays.entries())
        requireEqual(values, new Float32Array(3000).fill((size * (size - 1)) / 2 + size * index));
      requireEqual(
        all,
        Array.from(all, (_, other) => other),
      );
    },
  },
  {
    name: 'arrays may be views of a memory, which is unchanged around them',
    run: async (communicator) => {
      const { rank, size } = communicator;
      const memories = [
        new ArrayBuffer(4096),
        new SharedArrayBuffer(4096),
        new WebAssembly.Memory({ initial: 1 }).buffer,
        new WebAssembly.Memory({ initial: 1, maximum: 1, shared: true }).buffer,
      ];
      for (const memory of memories) {
        const whole = new Float32Array(memory).fill(-1);
        const view = new Float32Array(memory, 40, 100).fill(rank);
        await communicator.allReduce(view);
        requireEqual(view, new Float32Array(100).fill((size * (size - 1)) / 2));
        requireTrue(whole[9] === -1 && whole[110] === -1, 'values beside the view');
        await communicator.broadcast(view.fill(rank), size - 1);
        requireEqual(view, new Float32Array(100).fill(size - 1));
      }
    },
  },
  {
    name: 'allToAll gives each rank the parts that are for it',
    run: async (communicator) => {
      const { rank, size } = communicator;
      for (const Type of [Float32Array, Int32Array, Uint8Array]) {
        for (const length of [0, 1, 3, 2000]) {
          const values = new Type(size * length).map((_, index) => 10 * rank + Math.floor(index / length));
          const before = values.slice();
          const received = new Type(size * length);
          await communicator.allToAll(values, received);
          requireEqual(
            received,
            Array.from(received, (_, index) => 10 * Math.floor(index / length) + rank),
          );
          requireEqual(values, before);
        }
      }
    },
  },
  {
    name: 'reduceScatter gives each rank its part',
    run: async (communicator) => {
      const { rank, size } = communicator;
      for (const reduction of ['sum', 'max', 'min'] as const) {
        for (const length of [1, 3, 2000]) {
          const values = Float32Array.from({ length: size * length }, (_, index) =>
            exampleValue(rank, index),
          );
          const before = values.slice();
          const part = new Float32Array(length);
          await communicator.reduceScatter(values, part, reduction);
          requireEqual(part, expectedReduction(size, reduction, rank * length, length));
          requireEqual(values, before);
        }
      }
    },
  },
  {
    name: 'allGather collects values in the order of ranks',
    run: async (communicator) => {
      const { rank, size } = communicator;
      for (const Type of [...types, Uint8Array] as const) {
        const all = new Type(size * 3);
        await communicator.allGather(Type.from([rank, 2 * rank, 7]) as Numbers, all as Numbers);
        requireEqual(all, Array.from({ length: size }, (_, other) => [other, 2 * other, 7]).flat());
      }
    },
  },
  {
    name: 'allGatherVarying collects values of different lengths, also none',
    run: async (communicator) => {
      const { rank, size } = communicator;
      const valuesOf = (other: number) => Float64Array.from({ length: 5 * (other % 3) }, (_, k) => other + k);
      const all = await communicator.allGatherVarying(valuesOf(rank));
      requireTrue(all.length === size, `${all.length} parts`);
      for (const [other, values] of all.entries()) {
        requireTrue(values instanceof Float64Array, 'type of a part');
        requireEqual(values, valuesOf(other));
      }
    },
  },
  {
    name: 'broadcast gives all ranks the values of one',
    run: async (communicator) => {
      for (let root = 0; root < communicator.size; root++) {
        const values = Int32Array.of(communicator.rank, 5 + communicator.rank);
        await communicator.broadcast(values, root);
        requireEqual(values, [root, 5 + root]);
      }
      const bytes = Uint8Array.of(communicator.rank + 1);
      await communicator.broadcast(bytes);
      requireEqual(bytes, [1]);
    },
  },
  {
    name: 'empty arrays are no errors',
    run: async (communicator) => {
      await communicator.allReduce(new Float32Array(0));
      await communicator.broadcast(new Float32Array(0));
      await communicator.allGather(new Float32Array(0), new Float32Array(0));
      await communicator.barrier();
    },
  },
  {
    name: 'NaN and infinities survive a sum',
    run: async (communicator) => {
      const { rank, size } = communicator;
      const values = Float32Array.of(rank === 0 ? Number.NaN : 1, rank === 0 ? Number.POSITIVE_INFINITY : 1);
      await communicator.allReduce(values);
      requireTrue(
        Number.isNaN(values[0]) && values[1] === Number.POSITIVE_INFINITY,
        `${values} on ${size} ranks`,
      );
    },
  },
  {
    name: 'bad arguments reject before anything is exchanged',
    run: async (communicator) => {
      const { size } = communicator;
      const [two, many] = [new Float32Array(2), new Float32Array(2 * size + 1)];
      const bad: [expected: string, call: () => Promise<unknown>][] = [
        ['DataError', () => communicator.allReduce([1, 2] as never)],
        ['DataError', () => communicator.allReduce(new Uint8Array(2) as never)],
        ['DataError', () => communicator.allReduce(undefined as never)],
        ['ConfigError', () => communicator.allReduce(two, 'product' as Reduction)],
        ['ShapeError', () => communicator.reduceScatter(many, two)],
        [
          'DataError',
          () => communicator.reduceScatter(new Float32Array(2 * size), new Float64Array(2) as never),
        ],
        ['ShapeError', () => communicator.allGather(two, many)],
        ['ShapeError', () => communicator.allToAll(many, two)],
        ['DataError', () => communicator.allToAll(new Int32Array(size) as never, new Float32Array(size))],
        ['DataError', () => communicator.allGather(new Int32Array(2) as never, new Float32Array(2 * size))],
        ['DataError', () => communicator.allGatherVarying('text' as never)],
        ['ConfigError', () => communicator.broadcast(two, size)],
        ['ConfigError', () => communicator.broadcast(two, -1)],
      ];
      for (const [expected, call] of bad) await requireError(expected, call);
      await communicator.barrier();
    },
  },
  {
    name: 'no operation begins beside allGatherVarying',
    run: async (communicator) => {
      const gathering = communicator.allGatherVarying(Int32Array.of(1));
      await requireError('ConfigError', () => communicator.barrier());
      requireEqual((await gathering)[0]!, [1]);
      await communicator.barrier();
    },
  },
];

/** Value of a rank; sums, largest and smallest ones are exact. */
function exampleValue(rank: number, index: number): number {
  return ((index * 7 + rank * 13) % 101) - 50;
}

function expectedReduction(size: number, reduction: Reduction, first: number, length: number): number[] {
  return Array.from({ length }, (_, index) => {
    const values = Array.from({ length: size }, (_, rank) => exampleValue(rank, first + index));
    if (reduction === 'sum') return values.reduce((sum, value) => sum + value, 0);
    return reduction === 'max' ? Math.max(...values) : Math.min(...values);
  });
}

function requireTrue(condition: boolean, what: string): void {
  if (!condition) throw new Error(`Unexpected: ${what}.`);
}

function requireEqual(found: ArrayLike<number>, expected: ArrayLike<number>): void {
  requireTrue(found.length === expected.length, `${found.length} values instead of ${expected.length}`);
  for (let index = 0; index < found.length; index++) {
    requireTrue(
      Object.is(found[index]! + 0, expected[index]! + 0),
      `value ${index} is ${found[index]}, expected ${expected[index]}`,
    );
  }
}

/** Requires that a call rejects, and never that it throws at once. */
async function requireError(name: string, call: () => Promise<unknown>): Promise<void> {
  const error = await call().then(
    () => null,
    (reason: Error) => reason,
  );
  requireTrue(error?.name === name, `${error ?? 'no error'}, expected a ${name}`);
}
