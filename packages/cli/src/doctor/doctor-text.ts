import { aligned, count, counted } from '../evaluation/texts.ts';
import type { Finding, FindingLevel } from './findings.ts';
import { countsText, type ImageSetFacts } from './image-findings.ts';
import type { PeopleFacts } from './people-findings.ts';

/** Number of places that a finding lists; `--json` has all. */
const listedItems = 20;

/** What `openset doctor` knows about a set. */
export interface SetFacts extends ImageSetFacts, PeopleFacts {
  /** Number of images, with the damaged ones. */
  readonly images: number;
}

/** Returns the report: a line for each fact, one for each finding and its places, and the result. */
export function doctorText(facts: SetFacts, found: readonly Finding[]): string {
  const titleWidth = Math.max(...found.map(({ title }) => title.length), 0);
  const lines = found.map((finding) =>
    findingLines(finding)
      .map((line) => `${finding.level.padEnd(7)}  ${finding.title.padEnd(titleWidth)}  ${line}`)
      .join('\n'),
  );
  return [aligned(factRows(facts)), ...lines, aligned([['result', resultText(found)]])].join('\n');
}

/** Returns the number of findings of a level. */
export function countLevel(found: readonly Finding[], level: FindingLevel): number {
  return found.filter((finding) => finding.level === level).length;
}

function factRows(facts: SetFacts): [string, string][] {
  const { side, imagesPerPerson, grey, colour, formats } = facts;
  return [
    ['images', `${counted(facts.images, 'image')} of ${counted(facts.people, 'person', 'people')}`],
    ['images per person', imagesPerPerson ? rangeText(imagesPerPerson) : 'none'],
    ['formats', countsText(formats) || 'none'],
    ['shorter side', side ? `${rangeText(side)} pixels` : 'none'],
    [
      'colour',
      [grey && `${count(grey)} grey`, colour && `${count(colour)} colour`].filter(Boolean).join(', ') ||
        'none',
    ],
  ];
}

function rangeText({
  minimum,
  median,
  maximum,
}: {
  readonly minimum: number;
  readonly median: number;
  readonly maximum: number;
}): string {
  if (minimum === maximum) return count(minimum);
  return `${count(minimum)} to ${count(maximum)}, median ${count(median)}`;
}

function findingLines({ summary, items }: Finding): string[] {
  const listed = items.slice(0, listedItems).map(({ text }) => text);
  const rest = items.length - listed.length;
  return [summary, ...listed, ...(rest > 0 ? [`… and ${count(rest)} more, all with --json`] : [])];
}

function resultText(found: readonly Finding[]): string {
  const mend = countLevel(found, 'mend');
  const warnings = countLevel(found, 'warning');
  const notes = countLevel(found, 'note');
  return [
    mend > 0 ? `${counted(mend, 'thing')} to mend` : 'nothing to mend',
    ...(warnings > 0 ? [counted(warnings, 'warning')] : []),
    ...(notes > 0 ? [counted(notes, 'note')] : []),
  ].join(', ');
}
