import type { FaceTools } from '../faces/face-tools.ts';
import { loadFaceTools, usualMinimumScore } from '../faces/face-tools.ts';
import type { AlignSettings } from './align-journal.ts';

/**
 * Loads the detector that the settings need: it reports faces below their minimum score, which are rejects, but none below the usual.
 * @throws DataError with the install command if the package with the models is missing
 */
export function loadDetector({ minScore }: AlignSettings): Promise<FaceTools> {
  return loadFaceTools(Math.min(minScore, usualMinimumScore));
}
