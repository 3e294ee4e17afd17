/**
 * How a network takes faces. It is part of a model's description, so that photos are cropped for a model as in its training.
 *
 * - `'points'`: five landmarks moved onto the ArcFace template (`faceTemplate` of `@openset/data`), scaled to the input size.
 * - `'box'`: a square around the face, turned so that the eyes are level. Its side is `scale` times the longer side of the
 *   face mesh.
 *
 * A model without a crop takes images as they are.
 */
export type FaceCrop = { readonly kind: 'points' } | { readonly kind: 'box'; readonly scale: number };

/** Returns what is wrong with a value that should be a crop; null if nothing is. */
export function faceCropProblem(value: unknown): string | null {
  const { kind, scale } = (value ?? {}) as Readonly<Record<string, unknown>>;
  if (kind === 'points') return null;
  if (kind !== 'box')
    return `A crop must be of the kind 'points' or 'box', but is of the kind '${String(kind)}'.`;
  return typeof scale === 'number' && Number.isFinite(scale) && scale > 0
    ? null
    : `The scale of a box must be a finite number above 0, but is ${String(scale)}.`;
}
