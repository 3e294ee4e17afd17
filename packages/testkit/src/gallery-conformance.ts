import type { Comparison, FixedFacts, Gallery } from '@openset/gallery';
import { afterEach, beforeEach, describe } from 'vitest';
import { overlapTests, persistenceTests } from './gallery-conformance-handles.ts';
import { peopleTests } from './gallery-conformance-people.ts';
import { recordTests } from './gallery-conformance-records.ts';
import { refusalTests } from './gallery-conformance-refusals.ts';
import { searchTests } from './gallery-conformance-search.ts';
import {
  type GalleryConformanceOptions,
  type GalleryStore,
  type GalleryTestContext,
  testFacts,
} from './gallery-conformance-setup.ts';

const comparisons: readonly Comparison[] = ['mean', 'best'];

/**
 * Registers the vitest tests that every store of a gallery must pass, for both comparisons. They cover every sentence of the contract
 * `Gallery` of `@openset/gallery`: enrollment, names and metadata as plain text, pages, removal, searches against a walk over all
 * embeddings, bad input that changes nothing, records, calls that overlap, and closing. For stores that keep their content, they also
 * cover reopening, changes by others, and the refusal of other models.
 *
 * @example
 * import { MemoryGallery } from '@openset/gallery';
 * import { galleryConformance } from '@openset/testkit/vitest';
 *
 * galleryConformance('MemoryGallery', {
 *   createStore: () => ({ open: (facts) => new MemoryGallery(facts) }),
 *   isPersistent: false,
 * });
 */
export function galleryConformance(
  name: string,
  { createStore, isPersistent = true, randomCases = 4 }: GalleryConformanceOptions,
): void {
  describe.each(comparisons)(`${name} that compares with the %s`, (comparison) => {
    const opened: Gallery[] = [];
    let stores: Map<string, GalleryStore>;
    beforeEach(() => {
      stores = new Map();
    });
    afterEach(async () => {
      for (const gallery of opened.splice(0)) await gallery.close();
      for (const store of stores.values()) await store.remove?.();
    });
    const open = async (changes: Partial<FixedFacts> = {}, place = 'the place') => {
      const store = stores.get(place) ?? (await createStore());
      stores.set(place, store);
      const gallery = await store.open({ ...testFacts, comparison, ...changes });
      opened.push(gallery);
      return gallery;
    };
    const context: GalleryTestContext = { comparison, randomCases, open };
    describe('people', () => peopleTests(context));
    describe('bad input', () => refusalTests(context));
    describe('records', () => recordTests(context));
    describe('search', () => searchTests(context));
    describe('overlapping calls', () => overlapTests(context));
    if (isPersistent) describe('persistence', () => persistenceTests(context));
  });
}
