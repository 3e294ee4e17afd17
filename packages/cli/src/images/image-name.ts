import type { ImageSource } from '@openset/data';

/** Returns the path of an image, or another name for messages. Reads nothing. */
export function imageName(source: Pick<ImageSource, 'origin'>, index: number): string {
  return source.origin?.(index) ?? `image ${index}`;
}
