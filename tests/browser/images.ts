import {
  blobFile,
  createLoader,
  type DecodeOptions,
  decodeImage,
  type LoaderOptions,
  readRecordIO,
} from '@openset/data';

/** What `decodeImage` answers in this browser. */
export interface DecodeReport {
  readonly height?: number;
  readonly width?: number;
  readonly data?: readonly number[];
  /** Name and message of what it threw. */
  readonly error?: readonly [name: string, message: string];
}

/** Decodes a file given in base64. */
export async function decode(base64: string, options: DecodeOptions): Promise<DecodeReport> {
  try {
    const { height, width, data } = await decodeImage(bytesOf(base64), options);
    return { height, width, data: [...data] };
  } catch (error) {
    return { error: [(error as Error).name, (error as Error).message] };
  }
}

/** One batch of a loader. */
export interface BatchReport {
  readonly images: readonly number[];
  readonly labels: readonly number[];
}

/** Returns the batches of one epoch of a record file in base64, and the origins of the records that were skipped. */
export async function load(base64: string, options: LoaderOptions) {
  const records = blobFile('train.rec', new Blob([bytesOf(base64)]));
  const loader = createLoader(await readRecordIO({ records }), options);
  const batches: BatchReport[] = [];
  for await (const { images, labels } of loader) batches.push({ images: [...images], labels: [...labels] });
  return { batches, badRecords: loader.badRecords.map(({ origin }) => origin) };
}

function bytesOf(base64: string): Uint8Array<ArrayBuffer> {
  return Uint8Array.from(atob(base64), (letter) => letter.charCodeAt(0));
}
