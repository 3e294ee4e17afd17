export {
  type ConformanceKind,
  type ConformanceOptions,
  type ConformanceReport,
  runConformance,
} from './conformance/run-conformance.ts';
export type { BatchOptions } from './recognizer/batch-crops.ts';
export type { ImageLimits } from './recognizer/image-recognizer.ts';
export {
  openRecognizer,
  type RecognizerLimits,
  type RecognizerOptions,
} from './recognizer/open-recognizer.ts';
export { type RunningService, type ServiceOptions, startService } from './service/start-service.ts';
