/** Parameters of the tasks by Winograd's algorithm, in the order of src/native-winograd.ts. */
@unmanaged
export class Winograd {
  /** One of the schemes of src/convolution-task-ids.ts. */
  scheme: i32;
  /** `[batch, height, width, channels]`. */
  image: usize;
  batch: i32;
  height: i32;
  width: i32;
  channels: i32;
  /** `[batch, outHeight, outWidth, columns]`: the results or their gradient. */
  target: usize;
  outHeight: i32;
  outWidth: i32;
  columns: i32;
  /** Tiles of an image. The inputs of the first tile start at the offset, its results at the origin. */
  tilesY: i32;
  tilesX: i32;
  /** Tiles along each axis that are full; see winograd-places.ts. */
  fullTilesY: i32;
  fullTilesX: i32;
  offsetY: i32;
  offsetX: i32;
  originY: i32;
  originX: i32;
  /** `[columns]`; 0 without a bias. */
  bias: usize;
  /** Planes `[columns / 8, channels, 8]` of transformed filters; 0 if each chunk transforms its part of the filter itself. */
  planes: usize;
  planeBytes: i32;
  tilesPerChunk: i32;
  channelsPerBlock: i32;
  columnsPerChunk: i32;
  /** Tiles that the filter gradient processes at a time. */
  tilesPerBlock: i32;
  /** Address and strides, in elements over (tapY, tapX, channel, column), of the filter or of its gradient. */
  filter: usize;
  filterTapY: i32;
  filterTapX: i32;
  filterChannel: i32;
  filterColumn: i32;
  /** The end of a step of an inference plan (step-end.ts): `[16, columns]`, a map of results, `[columns]`; 0 for none. */
  borderBias: usize;
  residual: usize;
  slopes: usize;
}
