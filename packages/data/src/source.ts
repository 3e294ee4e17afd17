/** One image of a set, encoded (JPEG, PNG, …) or raw. */
export interface ImageRecord {
  /** The encoded file, or raw pixels if `raw` is set. */
  readonly bytes: Uint8Array;
  /** Shape of raw pixels (MNIST, CIFAR), row-major, channels last. */
  readonly raw?: { readonly height: number; readonly width: number; readonly channels: number };
  /** The class, `0 … classNames.length − 1`; −1 for none. */
  readonly label: number;
  /** All numbers of the label, for records with label arrays (detection sets). */
  readonly labels?: Float32Array;
  /** Name of the record in messages: a path, or file and record number. */
  readonly origin: string;
}

/**
 * A set of images with random access. A source reads images on demand and keeps none, so the set may be larger than
 * memory.
 */
export interface ImageSource {
  /** Number of images. */
  readonly size: number;
  /** Names of the classes; the digits of the labels in sets without names. */
  readonly classNames: readonly string[];
  /** `[size]`: the class of each image, known without reading it; −1 for none. */
  readonly labels: Int32Array;
  /** Returns the name of an image in messages, without reading it; missing in sources that know none. */
  origin?(index: number): string;
  /**
   * Reads one image.
   * @throws DataError with origin and reason if the record is damaged; RangeError if there is no such record
   */
  get(index: number): Promise<ImageRecord>;
  /** Closes the files of the set. */
  close(): Promise<void>;
}
