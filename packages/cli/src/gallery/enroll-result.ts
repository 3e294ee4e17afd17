import type { Comparison, GalleryCount, GalleryModel } from '@openset/gallery';
import { aligned, counted, decimal } from '../evaluation/texts.ts';
import type { PersonEnrollment, PhotoWarning } from './enroll-people.ts';

/** Result of `openset enroll`. */
export interface EnrollResult {
  /** Path of the gallery, or its address without the password. */
  readonly gallery: string;
  readonly model: GalleryModel;
  readonly comparison: Comparison;
  /** Number of photos that were enrolled. */
  readonly enrolled: number;
  /** Number of photos that were enrolled before. */
  readonly kept: number;
  /** Number of photos that were refused. */
  readonly refused: number;
  readonly people: readonly PersonEnrollment[];
  /** Whether the signal stopped the command; the same command continues. */
  readonly stopped: boolean;
}

/** Returns the number of photos that were enrolled, were there before, and were refused. */
export function photoTotals(
  people: readonly PersonEnrollment[],
): Pick<EnrollResult, 'enrolled' | 'kept' | 'refused'> {
  const sum = (numberOf: (person: PersonEnrollment) => number) =>
    people.reduce((total, person) => total + numberOf(person), 0);
  return {
    enrolled: sum(({ enrolled }) => enrolled.length),
    kept: sum(({ kept }) => kept),
    refused: sum(({ refused }) => refused.length),
  };
}

/** Facts of the gallery after an enrollment. */
export interface EnrolledGallery {
  readonly count: GalleryCount;
  /** Whether there was none before. */
  readonly isNew: boolean;
  /** Number of people to enroll. */
  readonly wanted: number;
}

/** Describes an enrollment: who, which photos were refused, and the warnings; one fact a line. */
export function enrollmentText(
  { gallery, people, ...total }: EnrollResult,
  { count, isNew, wanted }: EnrolledGallery,
): string {
  const rows: [string, string][] = people.flatMap(personRows);
  if (wanted > 1 || total.kept > 0) {
    const kept = total.kept > 0 ? `, ${total.kept} were there before` : '';
    rows.push(['total', `${counted(total.enrolled, 'photo')} enrolled${kept}, ${total.refused} refused`]);
  }
  const size = `${counted(count.people, 'person', 'people')}, ${counted(count.embeddings, 'photo')}`;
  if (!isNew || count.people > 0) rows.push(['gallery', `${gallery}${isNew ? ' (new)' : ''}: ${size}`]);
  if (total.stopped) {
    rows.push(['stopped', `after ${people.length} of ${wanted} people; the same command continues`]);
  }
  return aligned(rows);
}

function personRows(person: PersonEnrollment): [string, string][] {
  const { name, isNew, enrolled, refused, warnings } = person;
  const several = enrolled.filter(({ faces }) => (faces ?? 1) > 1);
  return [
    ...(enrolled.length > 0
      ? [
          ['enrolled', `${name}: ${counted(enrolled.length, 'photo')}${isNew ? ' (new)' : ''}`] as [
            string,
            string,
          ],
        ]
      : []),
    ...several.map(({ path, faces }): [string, string] => [
      'note',
      `${path}: ${faces} faces; the largest is enrolled`,
    ]),
    ...refused.map(({ path, reason }): [string, string] => ['refused', `${path}: ${reason}`]),
    ...warnings.map((warning): [string, string] => ['warning', warningText(warning, name)]),
  ];
}

function warningText({ path, kind, identity, cosine, threshold }: PhotoWarning, name: string): string {
  const values = `cosine ${decimal(cosine, 3)}, threshold ${decimal(threshold, 3)}`;
  return kind === 'resembles'
    ? `${path}: this face could be ${identity}, who is in the gallery (${values})`
    : `${path}: this face is unlike the other photos of ${name} (${values})`;
}
