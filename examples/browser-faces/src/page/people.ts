import {
  type EnrollmentWarning,
  enrollmentWarnings,
  type FixedFacts,
  type Gallery,
  type Identification,
  identify,
  MemoryGallery,
  type NewEmbedding,
  type Person,
} from '@openset/gallery';
import { type DecidingSearch, selectGalleryThreshold, selectPairThreshold } from '@openset/verify';
import type { NetworkFacts } from '../functions.ts';
import { openStoredGallery } from './stored-gallery.ts';

/** Who a face is, and the threshold that decided. */
export interface Recognition extends Identification {
  readonly search: DecidingSearch;
}

/** What became of an enrollment. */
export interface Enrolled {
  readonly person: Person;
  readonly isNew: boolean;
  /** What is suspicious about the faces. */
  readonly warnings: readonly EnrollmentWarning[];
}

/** The people that the page knows. Until `open`, nobody is known. */
export class People {
  private gallery: Gallery | null = null;
  private facts: NetworkFacts | null = null;

  /** Whether people stay after the page is closed. */
  isKept = false;

  /**
   * Opens the people that this browser keeps for a network. If it keeps none, or only those of another network, people are known until the
   * page is closed.
   * @throws StoreError or DataError with what to do; the page can go on
   */
  async open(facts: NetworkFacts): Promise<void> {
    const isSame = this.facts?.model.fingerprint === facts.model.fingerprint;
    this.facts = facts;
    if (this.gallery && isSame) return;
    await this.gallery?.close();
    this.gallery = new MemoryGallery(fixedFacts(facts));
    this.isKept = false;
    await this.keep();
  }

  /**
   * Keeps the people in this browser from now on.
   * @throws as `open`
   */
  async keep(): Promise<void> {
    const { gallery, facts } = this.opened();
    const stored = await openStoredGallery(fixedFacts(facts));
    for (const { id, name } of await this.list())
      await stored.enroll(name, (await gallery.embeddings(id)) ?? []);
    this.gallery = stored;
    this.isKept = true;
    await gallery.close();
  }

  /** Returns who a face is; null before `open`. */
  async recognise(embedding: Float32Array): Promise<Recognition | null> {
    const { gallery, facts } = this;
    if (!gallery || !facts) return null;
    const { people } = await gallery.count();
    const search = selectGalleryThreshold(facts, people);
    const { threshold } = search;
    const { calibration, galleryThresholds } = facts.description;
    const found = await identify(gallery, embedding, { threshold, calibration, galleryThresholds, people });
    return { ...found, search };
  }

  /** Adds faces to a person, who may be new. @throws the errors of `Gallery.enroll` */
  async enroll(name: string, embeddings: readonly NewEmbedding[]): Promise<Enrolled> {
    const { gallery, facts } = this.opened();
    const { people } = await gallery.count();
    const { threshold } = selectGalleryThreshold(facts, people);
    const { threshold: pairThreshold } = selectPairThreshold(facts.description);
    const warnings = await enrollmentWarnings(gallery, name, embeddings, { threshold, pairThreshold });
    const { person, isNew } = await gallery.enroll(name, embeddings);
    return { person, isNew, warnings };
  }

  /** Returns all people by name. */
  async list(): Promise<Person[]> {
    const all: Person[] = [];
    let after: string | undefined;
    do {
      const page = await this.gallery?.people({ after, limit: 1000 });
      all.push(...(page?.people ?? []));
      after = page?.next ?? undefined;
    } while (after !== undefined);
    return all;
  }

  /** Removes a person with all faces. */
  async forget(id: string): Promise<void> {
    const { gallery } = this.opened();
    await gallery.remove(id);
    await gallery.compact();
  }

  private opened(): { gallery: Gallery; facts: NetworkFacts } {
    const { gallery, facts } = this;
    if (!gallery || !facts) throw new Error('The networks are not loaded yet. Wait for the backend.');
    return { gallery, facts };
  }
}

function fixedFacts({ model, embeddingSize, crop }: NetworkFacts): FixedFacts {
  return { model, embeddingSize, crop, comparison: 'mean' };
}
