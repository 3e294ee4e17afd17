export { readCheckpoint } from './checkpoints/checkpoint-folder.ts';
export {
  DirectoryCheckpoints,
  type DirectoryCheckpointsOptions,
} from './checkpoints/directory-checkpoints.ts';
export {
  type ReadCheckpointOptions,
  readBestCheckpoint,
  readLatestCheckpoint,
} from './checkpoints/read-latest-checkpoint.ts';
export { type StopSignal, stopOnSignals } from './checkpoints/stop-on-signals.ts';
export { type ConsoleLoggerOptions, consoleLogger, type TextStream } from './logging/console-logger.ts';
export { type JsonLinesOptions, jsonLinesLogger } from './logging/json-lines-logger.ts';
export { type TensorBoardOptions, tensorBoardLogger } from './logging/tensor-board-logger.ts';
