export { type ByteFile, blobFile, bytesFile } from './byte-file.ts';
export { alignFace, faceTemplate } from './images/align-face.ts';
export { type Augmentation, augmentImage } from './images/augment-image.ts';
export {
  cutout,
  horizontalFlip,
  type Random,
  randomHorizontalFlip,
  randomPadCrop,
} from './images/augmentations.ts';
export { averageBlocks, type PixelRegion } from './images/average-blocks.ts';
export { type ColorJitterOptions, colorJitter } from './images/color-jitter.ts';
export { decodeImage } from './images/decode-image.ts';
export type { DecodeOptions } from './images/decode-options.ts';
export { type ImageFormat, type ImageHeader, readImageHeader } from './images/image-header.ts';
export { type BatchMix, type MixOptions, mixBatch, softTargets } from './images/mix.ts';
export { checkImage, type PixelImage, toChannels } from './images/pixel-image.ts';
export { resizeImage } from './images/resize.ts';
export { sampleBeta } from './images/sample-beta.ts';
export {
  estimateSimilarity,
  invertSimilarity,
  type Point,
  type Similarity,
  transformPoint,
} from './images/similarity.ts';
export { warpImage } from './images/warp-image.ts';
export type { BadRecord, BadRecordPolicy } from './loading/bad-records.ts';
export { type Batch, type BatchTensors, toTensors } from './loading/batch.ts';
export type { Shard } from './loading/batch-plan.ts';
export { type CappedSamplerOptions, cappedSampler } from './loading/capped-sampler.ts';
export { classBalancedSampler } from './loading/class-balanced-sampler.ts';
export { createLoader } from './loading/create-loader.ts';
export { type IdentitySamplerOptions, identitySampler } from './loading/identity-sampler.ts';
export { limitConcurrency } from './loading/limit-concurrency.ts';
export type { Loader, LoaderCounters } from './loading/loader.ts';
export type { LoaderOptions, LoaderState } from './loading/loader-options.ts';
export { type Sampler, sequentialSampler, shuffledSampler } from './loading/sampler.ts';
export type { Scaling } from './loading/scaling.ts';
export type { ImageRecord, ImageSource } from './source.ts';
export { type CfpFiles, readCfpPairs } from './sources/cfp-pairs.ts';
export type { FileExists } from './sources/choose-reading.ts';
export { type CifarOptions, readCifar } from './sources/cifar-source.ts';
export { type HeldOutClasses, type HoldOutOptions, holdOutClasses } from './sources/hold-out-classes.ts';
export { type IdxFiles, type IdxOptions, readIdx } from './sources/idx-source.ts';
export {
  type IjbLandmarks,
  type IjbMedia,
  type IjbTemplatePairs,
  readIjbLandmarks,
  readIjbMedia,
  readIjbTemplatePairs,
} from './sources/ijb-metadata.ts';
export {
  type ImageList,
  type ImageListOptions,
  imageListSource,
  readImageList,
} from './sources/image-list.ts';
export type { ImageReadingOptions } from './sources/image-readings.ts';
export { type LfwPairsOptions, readLfwPairs } from './sources/lfw-pairs.ts';
export { normalizeName } from './sources/normalize-name.ts';
export type { PairList } from './sources/pair-list.ts';
export type { PairReadingOptions } from './sources/pair-reading.ts';
export { type PairTableOptions, readPairTable } from './sources/pair-table.ts';
export type { PathSource } from './sources/path-source.ts';
export { readPairs } from './sources/read-pairs.ts';
export type { ClassOf } from './sources/record-io-labels.ts';
export {
  type RecordIOFiles,
  type RecordIOOptions,
  type RecordIOSource,
  readRecordIO,
} from './sources/record-io-source.ts';
export { type FieldSeparator, splitFields } from './sources/separated-fields.ts';
export { subsetSource } from './sources/subset-source.ts';
export type { ListReport, SkippedLine } from './sources/text-lines.ts';
export { readVerificationBin } from './sources/verification-bin.ts';
export { verificationImages } from './sources/verification-images.ts';
export { type VerificationSet, verificationSetFromPairs } from './sources/verification-set.ts';
