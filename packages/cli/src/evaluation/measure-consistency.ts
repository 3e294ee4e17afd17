import {
  groupRates,
  MetricsError,
  type OperatingPointInconsistency,
  operatingPointInconsistency,
  type RateOverPeople,
} from '@openset/metrics';
import type { EmbeddingRows } from '../model/embeddings.ts';
import { limitImages } from '../model/people-pairs.ts';

/** Error rates of a group of people at the threshold that decides. */
export interface GroupMeasurements {
  readonly name: string;
  readonly people: number;
  readonly images: number;
  /** Share of accepted pairs of two people of the group; null if it has one person. */
  readonly falseAcceptRate: RateOverPeople | null;
  /** Share of rejected pairs of one person; null if each has one image. */
  readonly falseRejectRate: RateOverPeople | null;
}

/** Whether one threshold gives each person, or each group of people, the same rates. */
export interface ConsistencyMeasurements {
  /** OPIS over people; null with too few images. */
  readonly people: OperatingPointInconsistency | null;
  /** OPIS over groups, whose labels are indices of `rates`; null without two groups that can be measured. */
  readonly groups: OperatingPointInconsistency | null;
  /** In the order of their names; null if no groups were given. */
  readonly rates: readonly GroupMeasurements[] | null;
}

/** Largest number of images, all of whose pairs are compared, and of images of one person. */
const maximumImages = 5000;
const imagesPerPerson = 20;

/**
 * Measures the consistency of one threshold on all pairs of up to 5,000 images. Of larger sets, up to 20 images of each person
 * and evenly spaced people are taken.
 * @param labels `[rows]`: person of each embedding
 * @param groupOf group of each person, null for none; null without groups
 * @param threshold the cosine that decides
 */
export function measureConsistency(
  embeddings: EmbeddingRows,
  labels: ArrayLike<number>,
  groupOf: readonly (string | null)[] | null,
  threshold: number,
): ConsistencyMeasurements {
  const { values, people } = limitRows(embeddings, labels);
  const { size } = embeddings;
  const overPeople = unlessTooFew(() => operatingPointInconsistency(values, people, size));
  if (groupOf === null) return { people: overPeople, groups: null, rates: null };
  const names = [...new Set(people.flatMap((person) => groupOf[person] ?? []))].sort();
  if (names.length === 0) return { people: overPeople, groups: null, rates: [] };
  const numbers = new Map(names.map((name, number) => [name, number]));
  const groups = people.map((person) => numbers.get(groupOf[person] ?? '') ?? null);
  const measured = groupRates(values, people, groups, size, threshold).sort((a, b) => a.label - b.label);
  const overGroups = unlessTooFew(() => operatingPointInconsistency(values, people, size, { groups }));
  return {
    people: overPeople,
    groups: overGroups && overGroups.classes.length > 1 ? overGroups : null,
    rates: measured.map(({ label, identities, rows, far, frr }) => ({
      name: names[label]!,
      people: identities,
      images: rows,
      falseAcceptRate: far,
      falseRejectRate: frr,
    })),
  };
}

/** Returns the embeddings of at most 5,000 images, and the person of each. */
function limitRows({ values, size }: EmbeddingRows, labels: ArrayLike<number>) {
  const most = labels.length > maximumImages ? imagesPerPerson : labels.length;
  const everybody = [...limitImages(labels, most).values()];
  const images = everybody.reduce((sum, own) => sum + own.length, 0);
  const stride = Math.ceil(images / maximumImages);
  const rows = everybody.filter((_, person) => person % stride === 0).flat();
  const kept = new Float32Array(rows.length * size);
  rows.forEach((row, index) => {
    kept.set(values.subarray(row * size, (row + 1) * size), index * size);
  });
  return { values: kept, people: rows.map((row) => labels[row]!) };
}

/** Returns null if the metric needs more images. */
function unlessTooFew(measure: () => OperatingPointInconsistency): OperatingPointInconsistency | null {
  try {
    return measure();
  } catch (error) {
    if (error instanceof MetricsError) return null;
    throw error;
  }
}
