import { peopleOf, probeOf } from './made-up-people.ts';
import { type OpenStore, stores } from './stores.ts';

/** What a process with a store is started with. */
export interface StoreSettings {
  readonly store: string;
  readonly folder: string;
  readonly people: number;
}

/** What a process with a store is asked to do. */
export type StoreQuestion =
  /** Fills the store and ends. Answer: milliseconds. */
  | { readonly kind: 'fill' }
  /** Opens the store and searches once. Answer: milliseconds; for a store that keeps nothing, those of filling it. */
  | { readonly kind: 'open' }
  /** Answer: `StoreAnswer`. */
  | { readonly kind: 'search'; readonly probe: number }
  /** Answer: bytes of the process beyond those before `open`. */
  | { readonly kind: 'memory' }
  /** Adds people. Answer: milliseconds. */
  | { readonly kind: 'enroll'; readonly first: number; readonly count: number; readonly together: boolean }
  /** Closes the store and ends. Answer: null. */
  | { readonly kind: 'close' };

/** Result of a search. */
export interface StoreAnswer {
  readonly name: string;
  readonly milliseconds: number;
}

/** Number of people who are added together while a store is filled. */
const addedTogether = 1000;

const { store: name, folder, people } = JSON.parse(process.argv[2]!) as StoreSettings;
const kind = stores.find((store) => store.name === name)!;
let store: OpenStore | null = null;

// Compiles what made up people need, and frees what starting took.
probeOf(0, 1);
peopleOf(0, 1);
const baseline = residentBytes();

async function answer(question: StoreQuestion): Promise<unknown> {
  switch (question.kind) {
    case 'fill': {
      const start = performance.now();
      const filled = await kind.open(folder);
      await fill(filled);
      await filled.close();
      return performance.now() - start;
    }
    case 'open': {
      const probe = probeOf(1, people);
      const start = performance.now();
      store = await kind.open(folder);
      if (!kind.isPersistent) await fill(store);
      await store.nearest(probe);
      return performance.now() - start;
    }
    case 'search': {
      const probe = probeOf(question.probe, people);
      const start = performance.now();
      const nearest = await store!.nearest(probe);
      return { name: nearest, milliseconds: performance.now() - start } satisfies StoreAnswer;
    }
    case 'memory':
      return residentBytes() - baseline;
    case 'enroll': {
      const added = peopleOf(question.first, question.count);
      const start = performance.now();
      if (question.together) await store!.addAll(added);
      else for (const person of added) await store!.add(person);
      return performance.now() - start;
    }
    case 'close':
      await store?.close();
      return null;
  }
}

async function fill(empty: OpenStore): Promise<void> {
  for (let first = 0; first < people; first += addedTogether)
    await empty.addAll(peopleOf(first, Math.min(addedTogether, people - first)));
}

function residentBytes(): number {
  globalThis.gc?.();
  return process.memoryUsage.rss();
}

process.on('message', (question: StoreQuestion) => {
  answer(question).then(
    (result) => {
      process.send!({ result });
      if (question.kind === 'fill' || question.kind === 'close') process.disconnect();
    },
    (error: Error) => process.send!({ error: error.stack }),
  );
});
