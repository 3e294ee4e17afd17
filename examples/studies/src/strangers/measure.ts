import { type LearnedThreshold, pairThreshold } from '@openset/core';
import { accuracyAt, bestAccuracy, bootstrapPairs, unitRows } from '@openset/metrics';
import { estimateThreshold } from '@openset/verify';
import type { Share } from '../lfw/measure.ts';
import { type FaceImages, rowsByPerson, selectRows } from './face-set.ts';
import { type GalleryResult, measureGalleries } from './galleries.ts';
import type { StrangersLoss } from './losses.ts';
import { type FaceEmbeddings, pairPeople, scorePairs } from './people-pairs.ts';

/** Origin of a network's weights. */
export const starts = ['head', 'nothing', 'fine-tuned'] as const;
export type Start = (typeof starts)[number];

/** A way to choose a threshold without seeing the people who are judged. */
export type Rule = 'learned' | 'prior shift' | 'most right' | 'ten people' | 'held out' | 'cross-fit';

/** What a threshold does to pairs of strangers. */
export interface JudgedThreshold {
  readonly threshold: number;
  /** Share of right answers, with a 95 % interval over people. */
  readonly accuracy: Share;
  /** Share of the pairs of different people that is accepted. */
  readonly far: number;
  /** Share of the pairs of the same person that is rejected. */
  readonly frr: number;
}

/** The promise of a false accept rate, and what became of it. */
export interface JudgedRate {
  readonly threshold: number;
  /** Rate on LFW's pairs. */
  readonly far: number;
  /** Rate on all pairs of different people of LFW's pairs. */
  readonly farOfAll: number;
}

/** Length of the training of a network. */
export interface NetworkTraining {
  readonly steps: number;
  readonly epochs: number;
  readonly seconds: number;
  /** Number of threads of the backend. */
  readonly threads: number;
}

/** Measurements of one network. */
export interface StrangersRun {
  readonly start: Start;
  readonly loss: StrangersLoss;
  /** Number of people, those held out among them. */
  readonly people: number;
  readonly heldOut: number;
  readonly seed: number;
  /** Training of a whole network; null for heads. */
  readonly training: NetworkTraining | null;
  readonly best: { readonly threshold: number; readonly accuracy: number };
  readonly rules: Readonly<Partial<Record<Rule, JudgedThreshold>>>;
  readonly rate: JudgedRate | null;
  readonly galleries: readonly GalleryResult[];
}

/** False accept rate that is promised. */
export const promisedRate = 0.01;

/** Number of people of the rule `ten people`. */
const fewPeople = 10;

/** A trained network, with what it takes to estimate its threshold. */
export interface TrainedNetwork {
  readonly embeddings: FaceEmbeddings;
  readonly learned: LearnedThreshold | null;
  readonly trained: readonly number[];
  readonly held: readonly number[];
}

/** Estimates the threshold of a network by each rule, and judges it on LFW's pairs and in galleries of strangers. */
export function measureNetwork(
  faces: FaceImages,
  { embeddings, learned, trained, held }: TrainedNetwork,
  seed: number,
): Pick<StrangersRun, 'best' | 'rules' | 'rate' | 'galleries'> {
  const heldPairs = pairPeople(embeddings, held);
  const judged = judgePairs(faces, embeddings);
  const thresholds: Record<Exclude<Rule, 'cross-fit'>, number | null> = {
    learned: learned?.cosine ?? null,
    'prior shift': pairThreshold(learned),
    'most right': mostRight(heldPairs),
    'ten people': estimate(pairPeople(embeddings, held.slice(0, fewPeople))),
    'held out': estimate(heldPairs),
  };
  const rules = Object.entries(thresholds).flatMap(([rule, threshold]) =>
    threshold === null ? [] : [[rule, judged.at(threshold)] as const],
  );
  const rate = estimateThreshold(heldPairs, { kind: 'far', rate: promisedRate }, { samples: 0 });
  return {
    best: judged.best,
    rules: Object.fromEntries(rules),
    rate: rate && {
      threshold: rate.threshold,
      far: judged.at(rate.threshold).far,
      farOfAll: farOfAllPairs(faces, embeddings, rate.threshold),
    },
    galleries: measureGalleries(embeddings, { learned, trained, held, seed }),
  };
}

function estimate(pairs: Parameters<typeof estimateThreshold>[0]): number | null {
  return estimateThreshold(pairs, { kind: 'pair', odds: 1 }, { samples: 0 })?.threshold ?? null;
}

/** Returns the threshold with the most right answers on as many pairs of different people, evenly spaced, as of the same person. */
function mostRight({ cosines, isSame }: ReturnType<typeof pairPeople>): number {
  const rows = [...isSame.keys()];
  const same = rows.filter((row) => isSame[row]);
  const different = rows.filter((row) => !isSame[row]);
  const step = Math.max(1, different.length / same.length);
  const kept = same.flatMap((row, index) => [row, different[Math.floor(index * step)] ?? row]);
  return bestAccuracy(
    kept.map((row) => cosines[row]!),
    kept.map((row) => isSame[row]!),
  ).threshold;
}

/** Scores LFW's pairs. `at` judges a threshold on them. */
export function judgePairs({ pairs }: FaceImages, embeddings: FaceEmbeddings) {
  const { cosines, isSame, people } = scorePairs(embeddings, pairs);
  const best = bestAccuracy(cosines, isSame);
  const at = (threshold: number): JudgedThreshold => {
    const { accuracy, far, tar } = accuracyAt(cosines, isSame, threshold);
    const { low, high } = bootstrapPairs(
      { similarities: cosines, isSame, people },
      ({ values, same, different }) => {
        let [right, all] = [0, 0];
        for (const [bin, value] of values.entries()) {
          right += value >= threshold ? same[bin]! : different[bin]!;
          all += same[bin]! + different[bin]!;
        }
        return right / all;
      },
      { samples: 200 },
    );
    return { threshold, accuracy: { estimate: accuracy, low, high }, far: far!, frr: 1 - tar! };
  };
  return { best: { threshold: best.threshold, accuracy: best.accuracy }, at };
}

/** Returns the false accept rate over all pairs of images of different people in the pairs folder. */
function farOfAllPairs(
  { trainPeople }: FaceImages,
  { values, size, labels }: FaceEmbeddings,
  at: number,
): number {
  const strangers = [...rowsByPerson(labels)].filter(([person]) => person >= trainPeople);
  const rows = strangers.flatMap(([, own]) => own);
  const unit = unitRows(selectRows({ values, size }, rows).values, size);
  let [accepted, count] = [0, 0];
  for (let first = 0; first < rows.length; first++) {
    for (let second = first + 1; second < rows.length; second++) {
      if (labels[rows[first]!] === labels[rows[second]!]) continue;
      count += 1;
      let cosine = 0;
      for (let k = 0; k < size; k++) cosine += unit[first * size + k]! * unit[second * size + k]!;
      if (cosine >= at) accepted += 1;
    }
  }
  return accepted / count;
}
