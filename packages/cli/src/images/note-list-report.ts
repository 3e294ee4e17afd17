import { basename } from 'node:path';
import type { ListReport } from '@openset/data';
import { counted } from '../evaluation/texts.ts';
import type { Output } from '../output.ts';

const reasons = ['header', 'count', 'comment', 'blank'] as const;

/**
 * Notes the lines of a list that are no rows, in one line, and what is odd about its rows. Notes nothing for a list of which all
 * lines but blank ones are rows.
 */
export function noteListReport(path: string, report: ListReport | undefined, output: Output): void {
  if (!report) return;
  const { lineCount, skipped, notes } = report;
  const name = basename(path);
  const parts = reasons.flatMap((reason) => {
    const lines = skipped.filter((one) => one.reason === reason);
    return lines.length === 0
      ? []
      : [`${reason} ${lines.length === 1 ? `line ${lines[0]!.line}` : `lines (${lines.length})`}`];
  });
  if (skipped.some(({ reason }) => reason !== 'blank')) {
    output.note(`${name}: ${counted(lineCount - skipped.length, 'row')}, skipped ${parts.join(', ')}`);
  }
  for (const note of notes) output.note(`${name}: ${note}`);
}
