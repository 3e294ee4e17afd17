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
