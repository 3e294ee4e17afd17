import { normalizeName } from '@openset/data';
import { imageExtensions } from '@openset/data/node';

/** Extension of crops: PNG loses nothing, so a crop gives the same embedding as its photo. */
const extension = '.png';

/**
 * Returns the names of the crops of photos, without the extension: those of the photos. Photos whose crops would share a name keep
 * their extension, also if the names differ only in upper and lower case.
 * @param names relative paths of the photos, with `/`
 */
export function cropStems(names: readonly string[]): string[] {
  let stems = names.map(withoutExtension);
  // A name with its extension may be that of another photo without: `a.png` beside `a.jpg`, and `a.png.jpg`.
  for (;;) {
    const next = withDistinctNames(stems, names);
    if (next.every((stem, index) => stem === stems[index])) return next;
    stems = next;
  }
}

/** Replaces the stems that several photos share by the names of the photos. */
function withDistinctNames(stems: readonly string[], names: readonly string[]): string[] {
  const keys = stems.map(keyOf);
  const counts = new Map<string, number>();
  for (const key of keys) counts.set(key, (counts.get(key) ?? 0) + 1);
  return stems.map((stem, index) => {
    const key = keys[index]!;
    // The second face of `a.jpg` must not get the name of `a-face2.jpg`.
    const owner = /^(.*)-face\d+$/.exec(key)?.[1];
    const isShared = counts.get(key)! > 1 || (owner !== undefined && counts.has(owner));
    return isShared ? names[index]! : stem;
  });
}

/** Returns the name of the crop of a face: `ada/1.png` for the first face of a photo, `ada/1-face2.png` for the second. */
export function cropName(stem: string, face: number): string {
  return `${stem}${face === 0 ? '' : `-face${face + 1}`}${extension}`;
}

function withoutExtension(name: string): string {
  const lower = name.toLowerCase();
  const found = imageExtensions.find((one) => lower.endsWith(one));
  return found === undefined ? name : name.slice(0, -found.length);
}

/** File systems may take names for equal that differ in case or Unicode form. */
function keyOf(name: string): string {
  return normalizeName(name).toLowerCase();
}
