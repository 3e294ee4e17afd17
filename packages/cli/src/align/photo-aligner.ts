import type { FaceTools } from '../faces/face-tools.ts';
import type { AlignSettings } from './align-journal.ts';
import { alignPhoto, type PhotoCrops, type PhotoTask } from './align-photo.ts';

/** Aligns photos, here or in worker threads. */
export interface PhotoAligner {
  /** Number of photos to align at the same time. */
  readonly parallel: number;
  align(task: PhotoTask): Promise<PhotoCrops>;
  /** Ends what the aligner has started. */
  close(): Promise<void>;
}

/** Number of photos under way: other threads decode the next ones and encode crops while one is searched. */
const photosAhead = 4;

/** Returns an aligner that searches in this thread. */
export function inlineAligner(settings: AlignSettings, tools: FaceTools): PhotoAligner {
  return {
    parallel: photosAhead,
    align: (task) => alignPhoto(task, settings, tools),
    close: async () => {},
  };
}
