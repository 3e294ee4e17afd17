import { invertSimilarity, type PixelImage, type Point, transformPoint, warpImage } from '@openset/data';
import { loadGraphModel, type ReadModelFile } from '@openset/pretrained';
import { dispose, type Tensor, type Tensor4D, tensor4d } from '@tensorflow/tfjs-core';
import type { Candidate } from './candidate.ts';
import { type AnchorGrid, decodeCandidates } from './decode-candidates.ts';
import { withFlexibleInput } from './flexible-input.ts';
import type { SearchLevel } from './search-levels.ts';

/** The network that finds candidates for faces. */
export interface DetectorNetwork {
  /**
   * Searches a colour image at one scale.
   * @returns candidates in pixels of the image, in any order, with overlaps
   */
  search(image: PixelImage, level: SearchLevel, minimumScore: number): Promise<Candidate[]>;
  dispose(): void;
}

/** Anchors at each place of the fine and of the coarse grid, and the pixels between places. */
const grids = [
  { anchors: 2, stride: 16 },
  { anchors: 6, stride: 32 },
] as const;

/** Loads the detector network. It is convolutional, so it takes inputs whose sides are multiples of 32. */
export async function loadDetectorNetwork(read: ReadModelFile): Promise<DetectorNetwork> {
  const { read: readFlexible, convolutions } = await withFlexibleInput('blazeface.json', read);
  const model = await loadGraphModel('blazeface.json', readFlexible);
  return {
    search: async (image, level, minimumScore) => {
      const input = networkInput(warpImage(image, level.transform, level));
      let outputs: Tensor4D[] = [];
      try {
        outputs = model.execute(input, convolutions) as Tensor4D[];
        const found = await Promise.all(
          grids.map(async ({ anchors, stride }) => {
            const [logits, regressors] = [anchors, 16 * anchors].map(
              (channels) => outputs.find(({ shape }) => shape[3] === channels) as Tensor,
            );
            const [, height, width] = logits!.shape as [number, number, number];
            const grid: AnchorGrid = {
              height,
              width,
              anchors,
              stride,
              logits: await logits!.data(),
              regressors: await regressors!.data(),
            };
            return decodeCandidates(grid, minimumScore);
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

/** `[1, height, width, 3]`, values in [−1, 1]. */
function networkInput({ data, height, width }: PixelImage): Tensor4D {
  const values = new Float32Array(data.length);
  for (let index = 0; index < data.length; index++) values[index] = data[index]! / 127.5 - 1;
  return tensor4d(values, [1, height, width, 3]);
}

/** Maps a candidate from the network's input, whose first pixel spans 0 to 1, to the image, whose first pixel is centred at 0. */
function toImage({ box, score, eyes }: Candidate, { transform }: SearchLevel): Candidate {
  const inverse = invertSimilarity(transform);
  const map = ([x, y]: Point) => transformPoint(inverse, [x - 0.5, y - 0.5]);
  const [x, y] = map([box.x, box.y]);
  return {
    box: { x, y, width: box.width * inverse.a, height: box.height * inverse.a },
    score,
    eyes: [map(eyes[0]), map(eyes[1])],
  };
}
