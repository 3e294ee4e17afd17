/** The error this package throws on purpose: what it was asked to draw cannot be drawn. */
export class ReportError extends Error {
  override readonly name = 'ReportError';
}

/**
 * Checks a list of named things to draw.
 * @throws ReportError if there are none, or a name is no text or is there twice
 */
export function checkNames(caller: string, series: readonly { readonly name: string }[]): void {
  if (!Array.isArray(series) || series.length === 0) {
    throw new ReportError(`${caller}: there is nothing to draw: give at least one curve.`);
  }
  const names = new Set<string>();
  for (const { name } of series) {
    if (typeof name !== 'string' || name === '') {
      throw new ReportError(`${caller}: each curve needs a name, but one has ${JSON.stringify(name)}.`);
    }
    if (names.has(name)) throw new ReportError(`${caller}: two curves are called '${name}'.`);
    names.add(name);
  }
}

/**
 * Checks that a figure is one of this package.
 * @throws ReportError if its SVG is none
 */
export function checkSvg(what: string, svg: string): void {
  if (typeof svg === 'string' && svg.startsWith('<svg')) return;
  throw new ReportError(`${what} is no SVG: take those of the plot functions.`);
}

/**
 * Checks a number to draw.
 * @throws ReportError if it is not finite
 */
export function checkFinite(what: string, value: number): void {
  if (Number.isFinite(value)) return;
  throw new ReportError(`${what} must be a finite number, but is ${String(value)}.`);
}
