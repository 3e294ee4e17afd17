import type { Face } from '@openset/faces';
import { decimal } from '../evaluation/texts.ts';
import { placeText } from '../faces/face-place.ts';
import type { PhotoFaces } from '../faces/find-faces.ts';
import type { AlignedFace, AlignSettings, Reject } from './align-journal.ts';

/** The faces of a photo that are cropped, and why others are not. */
export interface JudgedFaces {
  readonly accepted: readonly Face[];
  readonly rejects: readonly Reject[];
}

/**
 * Chooses the faces of a photo to crop among those that are large, certain and sharp enough. Faces that were not selected are no
 * rejects, unless there is nothing else on the photo.
 */
export function judgeFaces(
  photo: Pick<PhotoFaces, 'faces' | 'select'>,
  settings: Pick<AlignSettings, 'select' | 'minSize' | 'minScore' | 'minSharpness'>,
): JudgedFaces {
  if (photo.faces.length === 0)
    return { accepted: [], rejects: [{ kind: 'no face', reason: 'no face found' }] };
  const judged = photo.faces.map((face) => ({ face, reject: rejectOf(face, settings) }));
  const good = judged.filter(({ reject }) => reject === null).map(({ face }) => face);
  const accepted = good.length === 0 ? [] : bySize(photo.select(settings.select, good));
  if (settings.select === 'all') {
    const rejects = judged.flatMap(({ face, reject }) => (reject ? [withPlace(reject, face, judged)] : []));
    return { accepted, rejects };
  }
  if (accepted.length > 0) return { accepted, rejects: [] };
  const [first] = photo.select(settings.select);
  return {
    accepted,
    rejects: judged.flatMap(({ face, reject }) => (face === first && reject ? [reject] : [])),
  };
}

/** Returns the faces with the largest first. */
function bySize(faces: readonly Face[]): Face[] {
  const area = ({ box }: Face) => box.width * box.height;
  return faces.toSorted((one, other) => area(other) - area(one));
}

/** Returns a face for the journal. */
export function describeFace({ box, score, quality }: Face, file: string): AlignedFace {
  const round = (value: number) => Math.round(10 * value) / 10;
  return {
    file,
    box: { x: round(box.x), y: round(box.y), width: round(box.width), height: round(box.height) },
    score: Number(score.toFixed(4)),
    sharpness: Number(quality.sharpness.toPrecision(3)),
    eyeDistance: round(quality.eyeDistance),
  };
}

function rejectOf(
  { score, quality }: Face,
  { minSize, minScore, minSharpness }: Pick<AlignSettings, 'minSize' | 'minScore' | 'minSharpness'>,
): Reject | null {
  if (score < minScore) {
    return { kind: 'uncertain', reason: `face uncertain: score ${decimal(score, 2)}, needs ${minScore}` };
  }
  const { eyeDistance, sharpness } = quality;
  if (eyeDistance < minSize) {
    const found = `eyes ${decimal(eyeDistance, 1)} pixels apart, need ${minSize}`;
    return { kind: 'too small', reason: `face too small: ${found}` };
  }
  if (sharpness < minSharpness) {
    const found = `sharpness ${Number(sharpness.toPrecision(2))}, needs ${minSharpness}`;
    return { kind: 'blurred', reason: `face blurred: ${found}` };
  }
  return null;
}

/** Says which of several faces was rejected. */
function withPlace(reject: Reject, face: Face, judged: readonly unknown[]): Reject {
  if (judged.length === 1) return reject;
  return { ...reject, reason: `${reject.reason}; ${placeText(face)}` };
}
