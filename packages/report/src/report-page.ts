import type { Figure } from './figure.ts';
import { checkSvg, ReportError } from './report-error.ts';

/** Rows of plain text or numbers under a row of headings. */
export interface ReportTable {
  readonly columns: readonly string[];
  /** `null` is shown as a dash. */
  readonly rows: readonly (readonly (string | number | null)[])[];
}

/** One part of a report; what is absent is left out. */
export interface ReportSection {
  readonly heading: string;
  /** Plain text; an empty line begins a new paragraph. */
  readonly text?: string;
  readonly table?: ReportTable;
  /** From the plot functions of this package. */
  readonly figures?: readonly Figure[];
}

/** A report. */
export interface Report {
  readonly title: string;
  /** Plain text below the title; an empty line begins a new paragraph. */
  readonly introduction?: string;
  readonly sections: readonly ReportSection[];
}

const style = `body { font: 15px/1.5 system-ui, sans-serif; max-width: 1180px; margin: 2rem auto; padding: 0 1rem; color: #222; background: #fff }
table { border-collapse: collapse; font-size: 13px; margin: 1rem 0 } th, td { border: 1px solid #ccc; padding: .3em .6em; text-align: left }
td.number { text-align: right; font-variant-numeric: tabular-nums }
.scroll { overflow-x: auto } .figures { display: flex; flex-wrap: wrap; gap: 1rem }
figure { margin: 0; max-width: 100% } figure svg { max-width: 100%; height: auto } figcaption { font-size: 13px; color: #555 }`;

/**
 * A report as one HTML page that needs nothing else: no script, no address, no font; it opens from a file, and can be sent.
 * All texts are escaped; only the SVG of figures goes in as it is.
 *
 * @returns the text of the page, for example for `writeFile`
 * @throws ReportError if a row of a table has another number of cells than the table has columns, or a figure is no SVG
 */
export function reportPage({ title, introduction, sections }: Report): string {
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width">
<title>${escaped(title)}</title>
<style>
${style}
</style>
</head>
<body>
<h1>${escaped(title)}</h1>
${[paragraphs(introduction), ...sections.map(sectionHtml)].filter((part) => part !== '').join('\n')}
</body>
</html>
`;
}

function sectionHtml({ heading, text, table, figures = [] }: ReportSection): string {
  const parts = [`<h2>${escaped(heading)}</h2>`, paragraphs(text)];
  if (table) parts.push(tableHtml(heading, table));
  if (figures.length > 0) {
    parts.push(`<div class="figures">${figures.map((one) => figureHtml(heading, one)).join('\n')}</div>`);
  }
  return `<section>\n${parts.filter((part) => part !== '').join('\n')}\n</section>`;
}

function paragraphs(text = ''): string {
  const parts = text.split(/\n\s*\n/).map((part) => part.trim());
  return parts
    .filter((part) => part !== '')
    .map((part) => `<p>${escaped(part)}</p>`)
    .join('\n');
}

function tableHtml(heading: string, { columns, rows }: ReportTable): string {
  const head = columns.map((column) => `<th>${escaped(column)}</th>`).join('');
  const body = rows.map((row, index) => {
    if (row.length !== columns.length) {
      throw new ReportError(
        `reportPage: row ${index} of the table of '${heading}' has ${row.length} cells, but there are ` +
          `${columns.length} columns.`,
      );
    }
    const cells = row.map((cell) => {
      const kind = typeof cell === 'number' ? ' class="number"' : '';
      return `<td${kind}>${cell === null ? '–' : escaped(String(cell))}</td>`;
    });
    return `<tr>${cells.join('')}</tr>`;
  });
  return `<div class="scroll"><table>\n<thead><tr>${head}</tr></thead>\n<tbody>\n${body.join('\n')}\n</tbody>\n</table></div>`;
}

function figureHtml(heading: string, { svg, caption }: Figure): string {
  checkSvg(`reportPage: a figure of '${heading}'`, svg);
  return `<figure>${svg}<figcaption>${escaped(caption)}</figcaption></figure>`;
}

/** Plain text as HTML. */
function escaped(text: string): string {
  const entities: Readonly<Record<string, string>> = {
    '&': '&amp;',
    '<': '&lt;',
    '>': '&gt;',
    '"': '&quot;',
    "'": '&#39;',
  };
  return text.replace(/[&<>"']/g, (character) => entities[character]!);
}
