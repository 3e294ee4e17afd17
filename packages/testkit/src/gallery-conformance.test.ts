import { ConfigError } from '@openset/core';
import {
  type FixedFacts,
  type Gallery,
  type GalleryFacts,
  MemoryGallery,
  requireSameFacts,
} from '@openset/gallery';
import { galleryConformance } from './vitest.ts';

/** Returns an object that shares the gallery of a place with others, as a store with files does. */
function openShared(gallery: MemoryGallery): Gallery {
  let isClosed = false;
  let lastFacts: GalleryFacts = gallery.facts;
  return new Proxy<Gallery>(gallery, {
    get(_, name: keyof Gallery) {
      // Not a promise, which would have `then`.
      if (!(name in gallery)) return undefined;
      if (name === 'facts') return isClosed ? lastFacts : gallery.facts;
      return async (...input: never[]) => {
        if (name === 'close') {
          lastFacts = gallery.facts;
          isClosed = true;
          return;
        }
        if (isClosed) throw new ConfigError('The gallery is closed.');
        return (gallery[name] as (...input: never[]) => unknown).apply(gallery, input);
      };
    },
  });
}

// Stores with files have tests of their own. This one shows that the tests of several objects can pass.
galleryConformance('a gallery that several objects share', {
  createStore: () => {
    let gallery: MemoryGallery | undefined;
    return {
      open(facts: FixedFacts) {
        gallery ??= new MemoryGallery(facts);
        requireSameFacts('shared', gallery.facts, facts);
        return openShared(gallery);
      },
    };
  },
  randomCases: 1,
});
