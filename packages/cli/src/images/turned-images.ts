import { type ImageSource, readImageHeader } from '@openset/data';
import { counted } from '../evaluation/texts.ts';
import type { ImageReading } from './image-reading.ts';

/** Number of images up to which the notice names them. */
const mostNames = 3;

/** A set that keeps account of the images that are turned upright. */
export interface TurnAccount {
  /** The same set. */
  readonly source: ImageSource;
  /** Returns what to tell about the images read so far; null if none was turned. */
  notice(): string | null;
}

/** Watches which images of a set are turned upright by their EXIF orientation as they are read. */
export function watchTurns(source: ImageSource, { orientation = 'exif' }: ImageReading): TurnAccount {
  const turned = new Map<number, string>();
  const get: ImageSource['get'] = async (index) => {
    const record = await source.get(index);
    const isTurned = !record.raw && (readImageHeader(record.bytes)?.orientation ?? 1) !== 1;
    if (orientation === 'exif' && isTurned) turned.set(index, record.origin);
    return record;
  };
  const notice = () => {
    if (turned.size === 0) return null;
    const names = turned.size <= mostNames ? [...turned.values()].join(', ') : counted(turned.size, 'image');
    return `turned upright by ${turned.size === 1 ? 'its' : 'their'} EXIF orientation: ${names}`;
  };
  return { source: { ...source, get, close: () => source.close() }, notice };
}
