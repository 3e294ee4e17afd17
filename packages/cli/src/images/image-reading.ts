import type { FaceCrop } from '@openset/core';
import type { NodeLoaderOptions } from '@openset/data/node';

/** Values of `--on-bad-image`. */
export const badImagePolicies = ['stop', 'skip'] as const;
/** Values of `--orientation`. */
export const orientations = ['exif', 'ignore'] as const;
/** Values of `--fail-on`, from tolerant to strict. */
export const damageLevels = ['none', 'truncated', 'error', 'warning'] as const;

/** How a command decodes images. */
export interface Decoding {
  /** `'exif'` turns images upright by their EXIF orientation; default: that of the model, or `'exif'`. */
  readonly orientation?: (typeof orientations)[number] | undefined;
  /** Damage from which a file counts as bad, as `failOn` of `decodeImage`; default `'warning'`. */
  readonly failOn?: (typeof damageLevels)[number] | undefined;
  /** Number of pixels above which a file counts as bad; default 2^26. */
  readonly maxPixels?: number | undefined;
}

/** How a command reads images. The options of the command and the settings of a run have the same names. */
export interface ImageReading extends Decoding {
  /**
   * Behaviour for images that cannot be read: `'stop'` ends the command and lists all, `'skip'` continues without them.
   * Missing in commands that cannot skip an image.
   */
  readonly onBadImage?: (typeof badImagePolicies)[number] | undefined;
  /** Share of the images, from 0 to 1, above which bad ones stop the command in spite of `'skip'`; default: no limit. */
  readonly maxBad?: number | undefined;
  /**
   * Whether faces are found on the images and cropped. Default: if the model states its crop, on all single photos, and on sets
   * whose images are no crops already.
   */
  readonly align?: boolean | undefined;
  /** Folder for the features of frozen networks, or `'off'`; default: `defaultCacheFolder()`. */
  readonly featureCache?: string | undefined;
  /** The crop that the model was made for; missing if it takes images as they are. No option: the model states it. */
  readonly crop?: FaceCrop | null | undefined;
}

/** Returns the options of decoders and loaders of `@openset/data`. */
export function decodingOptions({
  orientation = 'exif',
  failOn,
  maxPixels,
}: Decoding): Required<Pick<NodeLoaderOptions, 'orientation'>> &
  Pick<NodeLoaderOptions, 'failOn' | 'maxPixels'> {
  return { orientation, ...(failOn ? { failOn } : {}), ...(maxPixels === undefined ? {} : { maxPixels }) };
}
