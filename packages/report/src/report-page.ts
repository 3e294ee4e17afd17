import type { Figure } from './figure.ts';
import { escapeHtml, htmlPage } from './html-page.ts';
import { checkSvg, ReportError } from './report-error.ts';

/** A table of plain text and numbers. */
export interface ReportTable {
  /** Headings of the columns. */
  readonly columns: readonly string[];
  /** Cells of each row; `null` is shown as a dash, and a number that is NaN or infinite as `n/a`. */
  readonly rows: readonly (readonly (string | number | null)[])[];
}

/** A section of a report: a heading with optional text, table and figures. */
export interface ReportSection {
  /** Title of the section. */
  readonly heading: string;
  /** Plain text; an empty line begins a new paragraph. */
  readonly text?: string;
  /** Table below the text; default none. */
  readonly table?: ReportTable;
  /** Figures of the plot functions. */
  readonly figures?: readonly Figure[];
}

/** The content of a report. */
export interface Report {
  /** Title of the page. */
  readonly title: string;
  /** Plain text below the title; an empty line begins a new paragraph. */
  readonly introduction?: string;
  /** Sections, in order. */
  readonly sections: readonly ReportSection[];
}

const style = `body { font: 15px/1.5 system-ui, sans-serif; max-width: 1180px; margin: 2rem auto; padding: 0 1rem; color: #222; background: #fff }
table { border-collapse: collapse; font-size: 13px; margin: 1rem 0 } th, td { border: 1px solid #ccc; padding: .3em .6em; text-align: left }
td.number { text-align: right; font-variant-numeric: tabular-nums }
.scroll { overflow-x: auto } .figures { display: flex; flex-wrap: wrap; gap: 1rem }
figure { margin: 0; max-width: 100% } figure svg { max-width: 100%; height: auto } figcaption { font-size: 13px; color: #555 }`;

/**
 * Renders a report as one self-contained HTML page without scripts, links or external fonts. All texts are escaped; the
 * SVG of figures is inserted unchanged.
 *
 * @returns the HTML, for example for `writeFile`
 * @throws ReportError if the number of cells in a row does not match the columns, or a figure is not an SVG
 */
export function reportPage({ title, introduction, sections }: Report): string {
  const parts = [renderParagraphs(introduction), ...sections.map(renderSection)];
  return htmlPage({ title, style, body: parts.filter((part) => part !== '').join('\n') });
}

function renderSection({ heading, text, table, figures = [] }: ReportSection): string {
  const parts = [`<h2>${escapeHtml(heading)}</h2>`, renderParagraphs(text)];
  if (table) parts.push(renderTable(heading, table));
  if (figures.length > 0) {
    parts.push(`<div class="figures">${figures.map((one) => renderFigure(heading, one)).join('\n')}</div>`);
  }
  return `<section>\n${parts.filter((part) => part !== '').join('\n')}\n</section>`;
}

function renderParagraphs(text = ''): string {
  const parts = text.split(/\n\s*\n/).map((part) => part.trim());
  return parts
    .filter((part) => part !== '')
    .map((part) => `<p>${escapeHtml(part)}</p>`)
    .join('\n');
}

function renderTable(heading: string, { columns, rows }: ReportTable): string {
  const head = columns.map((column) => `<th>${escapeHtml(column)}</th>`).join('');
  const body = rows.map((row, index) => {
    if (row.length !== columns.length) {
      throw new ReportError(
        `reportPage: row ${index} of the table in '${heading}' has ${row.length} cells, but the table has ` +
          `${columns.length} columns.`,
      );
    }
    const cells = row.map((cell) => {
      const kind = typeof cell === 'number' ? ' class="number"' : '';
      return `<td${kind}>${escapeHtml(cellText(cell))}</td>`;
    });
    return `<tr>${cells.join('')}</tr>`;
  });
  return `<div class="scroll"><table>\n<thead><tr>${head}</tr></thead>\n<tbody>\n${body.join('\n')}\n</tbody>\n</table></div>`;
}

function cellText(cell: string | number | null): string {
  if (cell === null) return '–';
  return typeof cell === 'string' || Number.isFinite(cell) ? String(cell) : 'n/a';
}

function renderFigure(heading: string, { svg, caption }: Figure): string {
  checkSvg(`reportPage: a figure of '${heading}'`, svg);
  return `<figure>${svg}<figcaption>${escapeHtml(caption)}</figcaption></figure>`;
}
