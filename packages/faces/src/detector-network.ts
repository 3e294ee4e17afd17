import { invertSimilarity, type PixelImage, transformPoint, warpImage } from '@openset/data';
import { loadGraphModel, type ReadModelFile } from '@openset/pretrained';
import { dispose, type Tensor, type Tensor4D } from '@tensorflow/tfjs-core';
import type { Candidate } from './candidate.ts';
import { decodeCandidates } from './decode-candidates.ts';
import { withFlexibleInput } from './flexible-input.ts';
import { networkInput } from './network-input.ts';
import type { SearchLevel } from './search-levels.ts';

/** The network that finds candidates for faces. */
export interface DetectorNetwork {
  /**
   * Searches an image at one scale.
   * @returns candidates in pixels of the image, in any order, with overlaps
   */
  search(image: PixelImage, level: SearchLevel, minimumScore: number): Promise<Candidate[]>;
  dispose(): void;
}

/** Anchors at each place of the fine and of the coarse grid, and pixels of the input between places. */
const grids = [
  { anchors: 2, stride: 16 },
  { anchors: 6, stride: 32 },
] as const;

const file = 'blazeface.json';

/** Loads the detector network onto the active backend. */
export async function loadDetectorNetwork(read: ReadModelFile): Promise<DetectorNetwork> {
  const flexible = await withFlexibleInput(file, read);
  const model = await loadGraphModel(file, flexible.read);
  return {
    search: async (image, level, minimumScore) => {
      const input = networkInput([warpImage(image, level.transform, level)], -1);
      let outputs: Tensor4D[] = [];
      try {
        outputs = model.execute(input, flexible.convolutions) as Tensor4D[];
        const withChannels = (channels: number) =>
          outputs.find(({ shape }) => shape[3] === channels) as Tensor;
        const found = await Promise.all(
          grids.map(async ({ anchors, stride }) => {
            const tensors = [withChannels(anchors), withChannels(16 * anchors)] as const;
            const [logits, regressors] = await Promise.all([tensors[0].data(), tensors[1].data()]);
            const [, height, width] = tensors[0].shape as [number, number, number];
            return decodeCandidates({ height, width, stride, anchors, logits, regressors }, minimumScore);
          }),
        );
        return found.flat().map((candidate) => toImage(candidate, level));
      } finally {
        dispose([input, ...outputs]);
      }
    },
    dispose: () => model.dispose(),
  };
}

/** Maps a candidate from the network's input, whose first pixel spans 0 to 1, to the image, whose first pixel is centred at 0. */
function toImage({ center, side, score, eyes }: Candidate, { transform }: SearchLevel): Candidate {
  const inverse = invertSimilarity(transform);
  const map = ([x, y]: Candidate['center']) => transformPoint(inverse, [x - 0.5, y - 0.5]);
  const scale = Math.hypot(inverse.a, inverse.b);
  return { center: map(center), side: side * scale, score, eyes: [map(eyes[0]), map(eyes[1])] };
}
