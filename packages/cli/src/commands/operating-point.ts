import { ConfigError, DataError } from '@openset/core';
import type { OperatingPoint } from '@openset/gallery';
import { describeQuestion, operatingPoints } from '@openset/verify';
import { aligned, count, decimal, exactPercent, percent } from '../evaluation/texts.ts';
import { type GalleryModelOptions, loadGalleryModel } from '../gallery/gallery-model.ts';
import { openExistingStore } from '../gallery/open-gallery.ts';
import type { CommandResult, Output } from '../output.ts';
import type { PeopleOptions } from './people.ts';

/** Options of `openset people operating-point`: one of `far`, `cosine` and `clear`, or none to show the point. */
export interface OperatingPointOptions extends PeopleOptions, Omit<GalleryModelOptions, 'threshold'> {
  /** Accept at most this share of strangers as somebody; one of the rates that the model knows. */
  readonly far?: number | undefined;
  /** Accept the best match iff its cosine is at least this. */
  readonly cosine?: number | undefined;
  /** Whether the threshold of the model for a gallery of the size decides again. */
  readonly clear?: boolean | undefined;
}

/** Result of `openset people operating-point`. */
export interface OperatingPointResult {
  /** Path of the gallery, or its address without the password. */
  readonly gallery: string;
  /** The point that is in force; null for that of the model. */
  readonly operatingPoint: OperatingPoint | null;
  /** Expected share of enrolled people that is missed; null if it is unknown. */
  readonly missed: number | null;
}

/**
 * Chooses the threshold of a gallery, or shows it.
 * @throws OpenSetError for a gallery that cannot be used; DataError for a rate that the model does not know
 */
export async function operatingPoint(
  options: OperatingPointOptions,
  output: Output,
): Promise<CommandResult<OperatingPointResult>> {
  const { far, cosine, clear } = options;
  if ([far, cosine, clear].filter((option) => option !== undefined).length > 1) {
    throw new ConfigError('--far, --threshold and --default exclude each other: give one of them.');
  }
  const isShown = far === undefined && cosine === undefined && clear === undefined;
  const { gallery, where } = await openExistingStore(options.gallery, { readOnly: isShown });
  try {
    const { people } = await gallery.count();
    let missed: number | null = null;
    if (far !== undefined) {
      const model = await loadGalleryModel(gallery.facts, where, options, output);
      model.dispose();
      const point = knownPoint(model.description.galleryThresholds ?? [], Math.max(1, people), far);
      missed = point.missed;
      await gallery.setOperatingPoint(point.operatingPoint);
    } else if (!isShown) {
      await gallery.setOperatingPoint(cosine === undefined ? null : { threshold: cosine, question: null });
    }
    const chosen = gallery.facts.operatingPoint;
    return {
      data: { gallery: where, operatingPoint: chosen, missed },
      text: aligned([
        ['gallery', where],
        ...(chosen
          ? [
              ['threshold', decimal(chosen.threshold, 3)] as [string, string],
              ...(chosen.question
                ? [['threshold for', describeQuestion(chosen.question)] as [string, string]]
                : []),
            ]
          : [['threshold', "the model's for a gallery of this size"] as [string, string]]),
        ...(missed === null ? [] : [['missed', `${percent(missed)} of enrolled people`] as [string, string]]),
      ]),
    };
  } finally {
    await gallery.close();
  }
}

/** Returns the point of a rate. @throws DataError that lists the rates if the model does not know it */
function knownPoint(thresholds: Parameters<typeof operatingPoints>[0], people: number, far: number) {
  const points = operatingPoints(thresholds, people);
  const point = points.find(({ falseAlarms }) => Math.abs(falseAlarms - far) < 1e-9);
  if (point) {
    const question = { kind: 'gallery', size: people, rate: point.falseAlarms } as const;
    return { operatingPoint: { threshold: point.threshold, question }, missed: point.missed };
  }
  const rates = points.map(({ falseAlarms }) => exactPercent(falseAlarms));
  throw new DataError(
    rates.length === 0
      ? 'The model states no rates of false alarms in galleries. Give a cosine with --threshold, or a model that ' +
          "'openset train' or 'openset calibrate --gallery-size' writes."
      : `The model does not know the rate ${exactPercent(far)} in a gallery of ${count(people)} people, but ${rates.join(', ')}. Give ` +
          'one of these, or a cosine with --threshold.',
  );
}
