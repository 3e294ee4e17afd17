/** The error of this package: the input cannot be drawn. */
export class ReportError extends Error {
  override readonly name = 'ReportError';
}

/**
 * Checks the names of curves.
 * @throws ReportError if there are no curves, or a name is empty or not unique
 */
export function checkNames(caller: string, series: readonly { readonly name: string }[]): void {
  if (!Array.isArray(series) || series.length === 0) {
    throw new ReportError(`${caller} needs at least one curve, but got none.`);
  }
  const names = new Set<string>();
  for (const { name } of series) {
    if (typeof name !== 'string' || name === '') {
      throw new ReportError(`${caller}: every curve needs a name, but one has ${JSON.stringify(name)}.`);
    }
    if (names.has(name))
      throw new ReportError(`${caller}: two curves have the name '${name}'; names must be unique.`);
    names.add(name);
  }
}

/**
 * Checks that a figure is an SVG.
 * @throws ReportError if it is not
 */
export function checkSvg(what: string, svg: string): void {
  if (typeof svg === 'string' && svg.startsWith('<svg')) return;
  throw new ReportError(`${what} is not an SVG; use a figure of the plot functions.`);
}

/**
 * Checks that a number is finite.
 * @throws ReportError if it is not
 */
export function checkFinite(what: string, value: number): void {
  if (Number.isFinite(value)) return;
  throw new ReportError(`${what} must be a finite number, but is ${String(value)}.`);
}

/**
 * Checks that all rates of a curve are finite: a plot would silently leave out the others.
 * @throws ReportError if one is not
 */
export function checkRates(what: string, rates: ArrayLike<number>): void {
  for (let index = 0; index < rates.length; index++) checkFinite(what, rates[index]!);
}
