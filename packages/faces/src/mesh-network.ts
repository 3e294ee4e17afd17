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
  /**
   * Places a mesh in each of several square crops of an image.
   * @param transforms for each crop: maps points of the image to those of the crop
   * @returns the meshes in the order of the crops
   */
  place(image: PixelImage, transforms: readonly Similarity[]): Promise<FaceMesh[]>;
  dispose(): void;
}

/** Height and width of the crop. */
export const meshInputSize = 192;

/** Maximum number of crops in one run of the network; limits the memory. */
const maximumBatch = 16;

const coordinatesPerMesh = 3 * 468;

/** Loads the mesh network onto the active backend. */
export async function loadMeshNetwork(read: ReadModelFile): Promise<MeshNetwork> {
  const model = await loadGraphModel('facemesh.json', read);

  const placeBatch = async (image: PixelImage, transforms: readonly Similarity[]): Promise<FaceMesh[]> => {
    const size = { height: meshInputSize, width: meshInputSize };
    const input = networkInput(
      transforms.map((transform) => warpImage(image, transform, size)),
      0,
    );
    let outputs: Tensor[] = [];
    try {
      outputs = model.execute(input) as Tensor[];
      const dataOf = (length: number) => outputs.find(({ shape }) => shape[1] === length)!.data();
      const [confidences, coordinates] = await Promise.all([dataOf(1), dataOf(coordinatesPerMesh)]);
      return transforms.map((transform, index) => {
        const start = index * coordinatesPerMesh;
        const own = coordinates.subarray(start, start + coordinatesPerMesh);
        return { score: confidences[index]!, points: placeMesh(own, invertSimilarity(transform)) };
      });
    } finally {
      dispose([input, ...outputs]);
    }
  };

  return {
    place: async (image, transforms) => {
      const meshes: FaceMesh[] = [];
      for (let start = 0; start < transforms.length; start += maximumBatch) {
        meshes.push(...(await placeBatch(image, transforms.slice(start, start + maximumBatch))));
      }
      return meshes;
    },
    dispose: () => model.dispose(),
  };
}
