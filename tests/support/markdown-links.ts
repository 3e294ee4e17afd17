/** A link of a Markdown text to another file of the repository, or to a heading. */
export interface RelativeLink {
  /** Path as written, relative to the text's folder; empty for a heading of the same text. */
  readonly path: string;
  /** Name of the heading; empty for none. */
  readonly heading: string;
}

/** Returns the links and images of a Markdown text, except those to web addresses. Code is skipped. */
export function relativeLinks(markdown: string): RelativeLink[] {
  const targets = [...withoutCode(markdown).matchAll(/\]\(([^()\s]+)\)/g)].map(
    ([, target]) => target as string,
  );
  return targets
    .filter((target) => !/^[a-z]+:/.test(target))
    .map((target) => {
      const [path = '', heading = ''] = target.split('#');
      return { path, heading };
    });
}

/** Returns the names by which links can point to the headings of a Markdown text. */
export function headingNames(markdown: string): string[] {
  const headings = [...withoutFences(markdown).matchAll(/^#+ (.*)$/gm)].map(([, text]) => text as string);
  return headings.map(headingName);
}

/** Returns the name by which links can point to a heading, as GitHub derives it. */
export function headingName(text: string): string {
  return text
    .toLowerCase()
    .replace(/[^\p{L}\p{N}\s_-]/gu, '')
    .trim()
    .replaceAll(' ', '-');
}

function withoutCode(markdown: string): string {
  return withoutFences(markdown).replace(/`[^`\n]*`/g, '');
}

function withoutFences(markdown: string): string {
  return markdown.replace(/^\s*(```+|~~~+)[\s\S]*?^\s*\1\s*$/gm, '');
}
