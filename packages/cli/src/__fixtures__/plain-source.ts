import type { ImageSource } from '@openset/data';

/** Returns a set of raw grey images of one pixel. The value of the pixel is the index of the image. */
export function plainSource(labels: readonly number[]): ImageSource {
  const classes = Math.max(...labels) + 1;
  return {
    size: labels.length,
    classNames: Array.from({ length: classes }, (_, label) => `class ${label}`),
    labels: Int32Array.from(labels),
    get: async (index) => ({
      bytes: Uint8Array.of(index),
      raw: { height: 1, width: 1, channels: 1 },
      label: labels[index]!,
      origin: `image ${index}`,
    }),
    close: async () => {},
  };
}
