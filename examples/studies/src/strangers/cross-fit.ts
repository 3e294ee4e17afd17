import { type CrossFitPart, crossFitThreshold, type ImpostorScores } from '@openset/verify';
import type { Features } from '../faceres/features.ts';
import type { HeadRecipe } from '../faceres/head.ts';
import type { FaceImages } from './face-set.ts';
import { trainHeadOn } from './heads.ts';
import type { StrangersLoss } from './losses.ts';
import { type JudgedThreshold, judgePairs } from './measure.ts';
import { type FaceEmbeddings, pairPeople } from './people-pairs.ts';
import { splitPeople } from './split-people.ts';

/** A head that was trained on all people, with a threshold from heads that were trained on parts of them. */
export interface CrossFitRun {
  readonly loss: StrangersLoss;
  readonly people: number;
  readonly seed: number;
  readonly best: { readonly threshold: number; readonly accuracy: number };
  readonly judged: JudgedThreshold;
}

/** Trains a head without each part of the people, and one on all of them, and judges the threshold of the cross-fit. */
export async function crossFitHead(
  faces: FaceImages,
  features: Features,
  options: {
    readonly loss: StrangersLoss;
    readonly people: number;
    readonly seed: number;
    readonly recipe: HeadRecipe;
    readonly parts: number;
  },
): Promise<CrossFitRun> {
  const { loss, people, seed } = options;
  const all = splitPeople(faces.trainPeople, people, 0, seed).trained;
  const parts: CrossFitPart[] = [];
  for (let part = 0; part < options.parts; part++) {
    const isLeftOut = (_: number, index: number) => index % options.parts === part;
    const trained = all.filter((person, index) => !isLeftOut(person, index));
    const { embeddings } = await trainHeadOn(faces, features, trained, options);
    parts.push({
      ...pairPeople(embeddings, all.filter(isLeftOut)),
      impostors: impostorScores(embeddings, trained),
    });
  }
  const { embeddings } = await trainHeadOn(faces, features, all, options);
  const estimate = crossFitThreshold(parts, impostorScores(embeddings, all), undefined, { samples: 0 });
  const judged = judgePairs(faces, embeddings);
  return { loss, people, seed, best: judged.best, judged: judged.at(estimate!.threshold) };
}

/** Largest number of people whose impostor cosines are measured. */
const mostPeople = 200;

function impostorScores(embeddings: FaceEmbeddings, people: readonly number[]): ImpostorScores {
  const { cosines, isSame } = pairPeople(embeddings, people.slice(0, mostPeople));
  const impostors = cosines.filter((_, pair) => !isSame[pair]);
  const mean = impostors.reduce((sum, cosine) => sum + cosine, 0) / impostors.length;
  const squares = impostors.reduce((sum, cosine) => sum + (cosine - mean) ** 2, 0);
  return { mean, deviation: Math.sqrt(squares / impostors.length) };
}
