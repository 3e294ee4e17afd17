/**
 * Begins to load the decoder of images, in the pauses of other work such as the start of a backend. If it cannot be loaded, the first
 * image decides what happens.
 */
export function preloadDecoder(): void {
  import('sharp').catch(() => {});
}
