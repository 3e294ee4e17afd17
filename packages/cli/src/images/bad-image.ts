/** An image that cannot be read or decoded. */
export interface BadImage {
  /** Path of the image, or name of its record in a record file. */
  readonly path: string;
  readonly reason: string;
}
