/** Compares texts by their Unicode code points, as databases sort UTF-8 bytes; negative if the first comes first. */
export function compareCodePoints(first: string, second: string): number {
  const length = Math.min(first.length, second.length);
  for (let place = 0; place < length; place++) {
    if (first.charCodeAt(place) === second.charCodeAt(place)) continue;
    // Halves of characters beyond U+FFFF sort between others as UTF-16, so compare whole characters.
    const start = isSecondHalf(first, place) && isSecondHalf(second, place) ? place - 1 : place;
    return first.codePointAt(start)! - second.codePointAt(start)!;
  }
  return first.length - second.length;
}

/** Whether the text has the second half of a character beyond U+FFFF at a place. */
function isSecondHalf(text: string, place: number): boolean {
  return place > 0 && text.codePointAt(place - 1)! > 0xffff;
}
