import { invertSimilarity, type PixelImage, type Similarity, warpImage } from '@openset/data';
import { loadGraphModel, type ReadModelFile } from '@openset/pretrained';
import { dispose, type Tensor } from '@tensorflow/tfjs-core';
import { type MeshPoint, placeMesh } from './mesh-points.ts';
import { networkInput } from './network-input.ts';

/** A face mesh on an image. */
export interface FaceMesh {
  /** Confidence that the crop shows a face, in [0, 1]. */
  readonly score: number;
  /** 468 points in pixels of the image, with depths in the same unit. */
  readonly points: readonly MeshPoint[];
}

/** The network that places a mesh on a face. */
export interface MeshNetwork {
  /** Places a mesh in a square crop of an image; `transform` maps points of the image to those of the crop. */
  place(image: PixelImage, transform: Similarity): Promise<FaceMesh>;
  dispose(): void;
}

/** Height and width of the crop. */
export const meshInputSize = 192;

/** Loads the mesh network onto the active backend. */
export async function loadMeshNetwork(read: ReadModelFile): Promise<MeshNetwork> {
  const model = await loadGraphModel('facemesh.json', read);
  return {
    place: async (image, transform) => {
      const input = networkInput(
        warpImage(image, transform, { height: meshInputSize, width: meshInputSize }),
        0,
      );
      let outputs: Tensor[] = [];
      try {
        outputs = model.execute(input) as Tensor[];
        const dataOf = (length: number) => outputs.find(({ size }) => size === length)!.data();
        const [confidence, coordinates] = await Promise.all([dataOf(1), dataOf(1404)]);
        return { score: confidence[0]!, points: placeMesh(coordinates, invertSimilarity(transform)) };
      } finally {
        dispose([input, ...outputs]);
      }
    },
    dispose: () => model.dispose(),
  };
}
