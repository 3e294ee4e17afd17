import { checkNumber, DataError, ShapeError } from '@openset/core';
import { cosine, unit } from './embedding-rows.ts';

/** One identity of a gallery, compared with a probe. */
export interface Candidate {
  readonly identity: string;
  readonly cosine: number;
}

/** Who is it? */
export interface Identification {
  /** The identity with the highest cosine if that reaches the threshold; null: unknown. */
  readonly identity: string | null;
  /** The highest cosine; null if the gallery is empty. */
  readonly cosine: number | null;
  readonly threshold: number;
  /** The best identities, highest cosine first. */
  readonly candidates: readonly Candidate[];
}

/** A gallery as plain data, for JSON. */
export interface GalleryState {
  readonly embeddingSize: number;
  /** For each identity the number of its embeddings, and their sum. */
  readonly identities: readonly {
    readonly identity: string;
    readonly count: number;
    readonly sum: readonly number[];
  }[];
}

/**
 * The known identities, each the mean of its embeddings: who is it, or unknown? Open-set identification with the same
 * threshold that verification uses.
 *
 * @example
 * const gallery = new Gallery(verifier.threshold);
 * gallery.enroll('Ada', await verifier.embed(photosOfAda));
 * const [probe] = await verifier.embed(photo);
 * const { identity } = gallery.identify(probe);  // 'Ada', or null: unknown
 */
export class Gallery {
  readonly threshold: number;
  private readonly sums = new Map<string, { sum: Float64Array; count: number; template: Float32Array }>();

  /**
   * @param threshold accept when the cosine is at least this; from -1 to 1
   * @throws ConfigError if it is out of range
   */
  constructor(threshold: number) {
    checkNumber('Gallery: threshold', threshold, { minimum: -1, maximum: 1 });
    this.threshold = threshold;
  }

  /** The names of all identities, in the order of their first enrolment. */
  get identities(): readonly string[] {
    return [...this.sums.keys()];
  }

  /**
   * Adds embeddings of an identity to those it has.
   * @param embeddings unit vectors, as `Verifier.embed` gives them
   * @throws DataError if there are none, or they cancel each other; ShapeError if the lengths differ from those enrolled
   */
  enroll(identity: string, embeddings: readonly Float32Array[]): void {
    if (embeddings.length === 0) throw new DataError(`There is no embedding to enroll '${identity}' with.`);
    const size = this.embeddingSize ?? embeddings[0]!.length;
    const before = this.sums.get(identity);
    const sum = before ? before.sum.slice() : new Float64Array(size);
    for (const embedding of embeddings) {
      if (embedding.length !== size) {
        throw new ShapeError(
          `The gallery holds embeddings of length ${size}, but '${identity}' came with one of ${embedding.length}.`,
        );
      }
      for (let k = 0; k < size; k++) sum[k]! += embedding[k]!;
    }
    const template = unit(sum, `The mean embedding of '${identity}'`);
    this.sums.set(identity, { sum, count: (before?.count ?? 0) + embeddings.length, template });
  }

  /** Takes an identity out; false if it was not there. */
  remove(identity: string): boolean {
    return this.sums.delete(identity);
  }

  /**
   * Who is it?
   * @param embedding a unit vector, as `Verifier.embed` gives it
   * @param options `candidates`: how many of the best to list, default 5
   * @throws ShapeError if its length differs from those enrolled
   */
  identify(embedding: Float32Array, { candidates = 5 }: { candidates?: number } = {}): Identification {
    checkNumber('identify: candidates', candidates, { minimum: 1, integer: true });
    const all = [...this.sums].map(([identity, { template }]) => ({
      identity,
      cosine: cosine(embedding, template),
    }));
    all.sort((a, b) => b.cosine - a.cosine);
    const best = all[0];
    return {
      identity: best && best.cosine >= this.threshold ? best.identity : null,
      cosine: best?.cosine ?? null,
      threshold: this.threshold,
      candidates: all.slice(0, candidates),
    };
  }

  /** The gallery as plain data. */
  getState(): GalleryState {
    const identities = [...this.sums].map(([identity, { count, sum }]) => ({
      identity,
      count,
      sum: Array.from(sum),
    }));
    return { embeddingSize: this.embeddingSize ?? 0, identities };
  }

  /**
   * Replaces all identities.
   * @throws DataError if the data are not those of a gallery; it is then unchanged
   */
  setState({ embeddingSize, identities }: GalleryState): void {
    if (!Array.isArray(identities))
      throw new DataError('A gallery needs a list of identities, but has none.');
    const entries = identities.map((entry: Partial<GalleryState['identities'][number]> | null) => {
      const { identity, count = 0, sum } = entry ?? {};
      if (typeof identity !== 'string' || !(count >= 1) || sum?.length !== embeddingSize) {
        throw new DataError(
          `The identity '${String(identity)}' of the gallery is damaged: it needs a name, a count of at least 1, and a sum of ` +
            `${embeddingSize} numbers.`,
        );
      }
      const template = unit(sum, `The mean embedding of '${identity}'`);
      return [identity, { count, sum: Float64Array.from(sum), template }] as const;
    });
    if (new Set(entries.map(([identity]) => identity)).size < entries.length) {
      throw new DataError('Two identities of the gallery have the same name: it is damaged.');
    }
    this.sums.clear();
    for (const [identity, entry] of entries) this.sums.set(identity, entry);
  }

  private get embeddingSize(): number | undefined {
    for (const { sum } of this.sums.values()) return sum.length;
    return undefined;
  }
}
