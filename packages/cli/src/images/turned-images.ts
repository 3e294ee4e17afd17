import { type ImageSource, readImageHeader } from '@openset/data';
import { counted } from '../evaluation/texts.ts';
import type { Output } from '../output.ts';
import type { ImageReading } from './image-reading.ts';

/** Number of images up to which the notice names them. */
const mostNames = 3;

/** Images that are turned upright. */
export interface TurnAccount {
  /** Names those that were read so far, if any, in one line. */
  note(output: Output): void;
}

/** Watches which images of a set are turned upright by their EXIF orientation as they are read. */
export function watchTurns(
  source: ImageSource,
  { orientation = 'exif' }: ImageReading,
): { readonly source: ImageSource; readonly turns: TurnAccount } {
  const turned = new Map<number, string>();
  const get: ImageSource['get'] = async (index) => {
    const record = await source.get(index);
    const isTurned = !record.raw && (readImageHeader(record.bytes)?.orientation ?? 1) !== 1;
    if (orientation === 'exif' && isTurned) turned.set(index, record.origin);
    return record;
  };
  const note = (output: Output) => {
    if (turned.size === 0) return;
    const names = turned.size <= mostNames ? [...turned.values()].join(', ') : counted(turned.size, 'image');
    output.note(`turned upright by ${turned.size === 1 ? 'its' : 'their'} EXIF orientation: ${names}`);
  };
  return { source: { ...source, get, close: () => source.close() }, turns: { note } };
}
