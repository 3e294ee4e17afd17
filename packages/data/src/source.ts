/** One picture of a set, still encoded (JPEG, PNG, …) or raw. */
export interface ImageRecord {
  /** The encoded file, or raw pixels where `raw` says so. */
  readonly bytes: Uint8Array;
  /** Set for sets of raw pixels (MNIST, CIFAR): row-major, channels last. */
  readonly raw?: { readonly height: number; readonly width: number; readonly channels: number };
  /** The class, `0 … classNames.length − 1`; −1 where the set has none. */
  readonly label: number;
  /** All numbers of the label, for records with label arrays (detection sets). */
  readonly labels?: Float32Array;
  /** Where it came from, for messages: a path, or file and record number. */
  readonly origin: string;
}

/**
 * A set of pictures with random access. Sources open lazily and hold no pictures; they work on files larger than
 * memory.
 */
export interface ImageSource {
  readonly size: number;
  /** Names of the classes; numbers as text where the set has no names. */
  readonly classNames: readonly string[];
  /** The class of a record without reading it, where the set knows; samplers use it. */
  readonly labels: Int32Array;
  /**
   * Reads one record.
   * @throws DataError with origin and reason if it is damaged; RangeError if there is no such record
   */
  get(index: number): Promise<ImageRecord>;
  close(): Promise<void>;
}
