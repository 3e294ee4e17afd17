import { stat } from 'node:fs/promises';
import { OpenSetError } from '@openset/core';
import {
  type Comparison,
  type Gallery,
  type GalleryCount,
  type GalleryFacts,
  type SearchSource,
  type SearchThreshold,
  selectSearchThreshold,
} from '@openset/gallery';
import { describeCrop, type ThresholdQuestion } from '@openset/verify';
import { aligned, count, counted, decimal } from '../evaluation/texts.ts';
import { loadGalleryModel } from '../gallery/gallery-model.ts';
import { openExistingStore, requireStorePlace } from '../gallery/open-gallery.ts';
import { thresholdRows } from '../model/threshold-rows.ts';
import type { CommandResult, Output } from '../output.ts';
import type { BackendChoice } from '../start-backend.ts';
import type { PeopleOptions } from './people.ts';

/** Options of `openset people info`. */
export interface GalleryInfoOptions extends PeopleOptions, BackendChoice {
  /** Model whose threshold is shown; default: the one that the gallery names. */
  readonly model?: string | undefined;
}

/** Result of `openset people info`. */
export interface GalleryInfoResult {
  /** Path of the gallery, or its address without the password. */
  readonly gallery: string;
  readonly facts: GalleryFacts;
  readonly count: GalleryCount;
  /** Size of the file; null for a gallery of a server. */
  readonly bytes: number | null;
  /** Lowest cosine at which `identify` knows somebody; null if the model is not there. */
  readonly threshold: number | null;
  /** Origin of the threshold; `'gallery'` for the operating point of the gallery. */
  readonly thresholdSource: SearchSource | null;
  /** Question that the threshold answers; null if it is unknown. */
  readonly question: ThresholdQuestion | null;
}

/** Describes a gallery: its model, its sizes, and the threshold in force. @throws OpenSetError for a gallery that cannot be used */
export async function galleryInfo(
  options: GalleryInfoOptions,
  output: Output,
): Promise<CommandResult<GalleryInfoResult>> {
  const place = await requireStorePlace(options.gallery);
  const { gallery, where } = await openExistingStore(options.gallery, { readOnly: true });
  try {
    // Counting also reads the operating point that another process may have set.
    const size = await gallery.count();
    const { facts } = gallery;
    const deciding = await thresholdInForce(gallery, where, size.people, options, output);
    const data: GalleryInfoResult = {
      ...{ gallery: where, facts, count: size },
      bytes: place.kind === 'sqlite' ? (await stat(place.path)).size : null,
      threshold: deciding?.threshold ?? null,
      thresholdSource: deciding?.source ?? null,
      question: deciding?.question ?? null,
    };
    return { data, text: resultText(data, deciding) };
  } finally {
    await gallery.close();
  }
}

/** Returns the threshold that `identify` uses; null, with a note, if the model that decides cannot be used. */
async function thresholdInForce(
  { facts }: Gallery,
  where: string,
  people: number,
  options: GalleryInfoOptions,
  output: Output,
): Promise<SearchThreshold | null> {
  if (facts.operatingPoint) return { ...facts.operatingPoint, source: 'gallery', search: null };
  try {
    const model = await loadGalleryModel(facts, where, options, output);
    model.dispose();
    return selectSearchThreshold(model, facts, people);
  } catch (error) {
    if (!(error instanceof OpenSetError)) throw error;
    output.note(`threshold unknown: ${error.message}`);
    return null;
  }
}

function resultText(
  { gallery, facts, count: size, bytes }: GalleryInfoResult,
  deciding: SearchThreshold | null,
): string {
  const { model, embeddingSize, crop, comparison, createdAt } = facts;
  return aligned([
    ['gallery', gallery],
    ['people', count(size.people)],
    ['photos', count(size.embeddings)],
    ...(bytes === null ? [] : [['size', `${decimal(bytes / 1e6, 1)} MB`] as [string, string]]),
    ['created', createdAt],
    ['model', `${model.name} (${model.fingerprint.slice(0, 12)})`],
    ['embeddings', counted(embeddingSize, 'number')],
    ['crop', describeCrop(crop)],
    ['compares with', comparisonText(comparison)],
    ...(deciding ? thresholdRows(deciding) : [['threshold', 'unknown'] as [string, string]]),
  ]);
}

/** Says what a probe is compared with. */
export function comparisonText(comparison: Comparison): string {
  return comparison === 'mean' ? 'the mean of the photos of a person' : 'the best photo of a person';
}
