/**
 * Returns a Markdown page with the text between the lines `<!-- NAME:start -->` and `<!-- NAME:end -->` replaced.
 * @throws Error for a page without these marks
 */
export function replaceBlock(page: string, name: string, content: string): string {
  const [startMark, endMark] = [`<!-- ${name}:start -->`, `<!-- ${name}:end -->`];
  const [start, end] = [page.indexOf(startMark), page.indexOf(endMark)];
  if (start < 0 || end < start) throw new Error(`The page needs the lines ${startMark} and ${endMark}.`);
  return `${page.slice(0, start + startMark.length)}\n${content}\n${page.slice(end)}`;
}
