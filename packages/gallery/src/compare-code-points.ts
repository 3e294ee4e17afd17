/** Compares texts by their Unicode code points, as databases sort UTF-8 bytes; negative if the first comes first. */
export function compareCodePoints(first: string, second: string): number {
  const [a, b] = [[...first], [...second]];
  for (let place = 0; place < Math.min(a.length, b.length); place++) {
    const difference = a[place]!.codePointAt(0)! - b[place]!.codePointAt(0)!;
    if (difference !== 0) return difference;
  }
  return a.length - b.length;
}
