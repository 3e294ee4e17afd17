import type { ImageSource } from '@openset/data';
import { counted, decimal } from '../evaluation/texts.ts';
import { type ContentHashes, copyText } from '../images/content-hashes.ts';
import type { Embeddings } from '../model/embeddings.ts';
import { imagesOf } from './copy-findings.ts';
import { type Finding, type FindingItem, findings } from './findings.ts';
import { median } from './image-findings.ts';
import { visitNearRows } from './near-rows.ts';
import { Nearest } from './nearest.ts';
import { groupByPerson, type Person, withoutImage } from './person-means.ts';

/** Cosine of two embeddings of different people from which their images look like copies. */
const copyCosine = 0.98;

/** Number of people whose nearest person tells how close different people usually are. */
const sampledPeople = 1000;

/** Number of standard deviations above the usual nearest person at which two people stand out. */
const outlierDeviations = 2;

/** Number of images from which the mean of the others says whether one belongs to the person. */
const fewestImages = 3;

/**
 * Finds with embeddings what bytes do not show: copies of an image under two people, one person under two names, and images
 * that are closer to another person than to their own.
 * @param embeddings of images of the set
 * @param hashes of the images; copies with equal content are no news
 * @param threshold the model's
 */
export function findByEmbedding(
  embeddings: Embeddings,
  source: ImageSource,
  hashes: ContentHashes,
  threshold: number,
): Finding[] {
  const people = groupByPerson(embeddings, source.labels).filter(({ rows }) => rows.length > 1);
  return [
    ...findSimilarImages(embeddings, source, hashes),
    ...findSimilarPeople(embeddings, people, source, threshold),
    ...findUnlikeImages(embeddings, people, source, threshold),
  ];
}

/** Finds for each image the most similar one of another person, if it looks like a copy. */
function findSimilarImages(
  { values, size, indices }: Embeddings,
  source: ImageSource,
  hashes: ContentHashes,
): Finding[] {
  const { labels } = source;
  const nearest = new Nearest();
  visitNearRows(values, size, copyCosine, (first, second, cosine) => {
    const [image, other] = [indices[first]!, indices[second]!];
    const isCopy = hashes.hashOf(image) !== undefined && hashes.hashOf(image) === hashes.hashOf(other);
    if (labels[image] !== labels[other] && !isCopy) nearest.add(image, other, cosine);
  });
  const items = nearest.toList().map(({ one, other, cosine }) => ({
    text: `${copyText([one, other], source, { sign: '≈' })}, ${cosineText(cosine)}`,
    ...imagesOf([one, other], source),
    cosine,
  }));
  return findings(
    'similarImage',
    items,
    (count) => `${counted(count, 'pair')} of images look alike to the model`,
  );
}

/**
 * Two people look like one if each is the other's nearest, their means are as close as the means of two halves of one person's
 * images usually are, and much closer than the nearest people usually are. A weak model fails the last condition everywhere.
 */
function findSimilarPeople(
  embeddings: Embeddings,
  people: readonly Person[],
  { classNames }: ImageSource,
  threshold: number,
): Finding[] {
  if (people.length < 2) return [];
  const { size } = embeddings;
  const halves = Float64Array.from(people, ({ halvesCosine }) => halvesCosine).sort();
  const minimum = Math.max(threshold, median(halves), outlierCosine(people));
  const means = new Float32Array(people.length * size);
  people.forEach(({ mean }, index) => {
    means.set(mean, index * size);
  });
  const nearest = new Nearest();
  visitNearRows(means, size, minimum, (first, second, cosine) => {
    nearest.add(first, second, cosine);
    nearest.add(second, first, cosine);
  });
  const items = nearest
    .toList()
    .filter(({ one, other }) => one < other && nearest.of(other) === one)
    .map(({ one, other, cosine }) => {
      const names = [one, other].map((index) => classNames[people[index]!.label]!);
      return { text: `'${names[0]}' ≈ '${names[1]}', ${cosineText(cosine)}`, people: names, cosine };
    });
  return findings(
    'similarPeople',
    items,
    (count) => `${counted(count, 'pair')} of people look alike to the model: is it one person?`,
  );
}

/**
 * An image is unlike its person if its cosine with the mean of the person's other images is below the threshold, and its
 * cosine with another person is as high as that of a usual image with its own.
 */
function findUnlikeImages(
  embeddings: Embeddings,
  people: readonly Person[],
  source: ImageSource,
  threshold: number,
): Finding[] {
  const judged = people
    .filter(({ rows }) => rows.length >= fewestImages)
    .flatMap((person) =>
      person.rows.map((row) => ({
        row,
        person,
        own: dot(embeddings.row(row), withoutImage(person, embeddings.row(row))),
      })),
    );
  if (judged.length === 0) return [];
  const usual = median(Float64Array.from(judged, ({ own }) => own).sort());
  const { classNames } = source;
  const items = judged
    .filter(({ own }) => own < threshold)
    .map((image) => ({ ...image, ...nearestPerson(embeddings.row(image.row), image.person, people) }))
    .filter(({ cosine }) => cosine >= Math.max(usual, threshold))
    .sort((first, second) => second.cosine - second.own - (first.cosine - first.own))
    .map(({ row, person, own, other, cosine }): FindingItem => {
      const { images } = imagesOf([embeddings.indices[row]!], source);
      const names = [person, other].map(({ label }) => classNames[label]!);
      return {
        text: `'${images[0]}': ${cosineText(own)} with the others of ${names[0]}, ${decimal(cosine, 3)} with ${names[1]}`,
        images,
        people: names,
        cosine: own,
      };
    });
  return findings(
    'unlikePerson',
    items,
    (count) => `${counted(count, 'image')} closer to another person: wrong folder?`,
  );
}

/** Returns the cosine at which two people are much closer than the nearest people usually are, by robust statistics. */
function outlierCosine(people: readonly Person[]): number {
  const stride = Math.ceil(people.length / sampledPeople);
  const sample = people.filter((_, index) => index % stride === 0);
  const nearest = Float64Array.from(sample, (person) => nearestPerson(person.mean, person, people).cosine);
  const usual = lowerMedian(nearest);
  // 1.4826 times the median deviation is the standard deviation of a normal distribution.
  const deviation = 1.4826 * lowerMedian(nearest.map((cosine) => Math.abs(cosine - usual)));
  return usual + outlierDeviations * deviation;
}

function lowerMedian(values: Float64Array): number {
  return values.toSorted()[(values.length - 1) >> 1]!;
}

function nearestPerson(embedding: ArrayLike<number>, own: Person, people: readonly Person[]) {
  let best = { other: own, cosine: -1 };
  for (const other of people) {
    if (other === own) continue;
    const cosine = dot(embedding, other.mean);
    if (cosine > best.cosine) best = { other, cosine };
  }
  return best;
}

function dot(first: ArrayLike<number>, second: ArrayLike<number>): number {
  let sum = 0;
  for (let k = 0; k < first.length; k++) sum += first[k]! * second[k]!;
  return sum;
}

function cosineText(cosine: number): string {
  return `cosine ${decimal(cosine, 3)}`;
}
