export type { ByteFile } from './byte-file.ts';
export { decodeImage, type NodeDecoderOptions } from './images/decode-image-node.ts';
export { createLoader, type NodeLoaderOptions } from './loading/create-node-loader.ts';
export {
  type DecodeIntoMemoryOptions,
  decodeIntoMemory,
  type MemorySource,
} from './loading/decode-into-memory.ts';
export { WorkerError } from './loading/loader-errors.ts';
export { imageExtensions } from './sources/image-extensions.ts';
export { openImageFiles } from './sources/image-files.ts';
export { type ImageFolderOptions, type ImageFolderSource, openImageFolder } from './sources/image-folder.ts';
export { describeLeftOut, type LeftOutFiles } from './sources/left-out-files.ts';
export { openFile, readFrom } from './sources/node-file.ts';
export {
  type OpenImageListOptions,
  openCifar,
  openIdx,
  openImageList,
  openPairs,
  openRecordIO,
  openVerificationBin,
  type PairFileOptions,
  readPairFile,
} from './sources/node-openers.ts';
export { readCfpFolder } from './sources/read-cfp-folder.ts';
export { RecordIOWriter, type RecordIOWriterOptions } from './sources/record-io-writer.ts';
export { FolderNames, findImagePath, resolveImagePath } from './sources/resolve-image-path.ts';
