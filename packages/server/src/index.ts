export { createServer, type Server, type ServerOptions } from './create-server.ts';
export {
  type ApiKeys,
  addKey,
  createKey,
  findKey,
  type KeyRecord,
  openKeys,
  readKeys,
  removeKey,
  type Scope,
  scopes,
} from './limits/api-keys.ts';
export { defaultLimits, type ServerLimits } from './limits/limits.ts';
export { type LogOptions, logLevels } from './logging.ts';
export { pageFolder } from './page-folder.ts';
export {
  type FaceBox,
  type ImageProblem,
  ImageRefusedError,
  QueueFullError,
  type RecognizedFace,
  type RecognizedImage,
  type RecognizeOptions,
  type Recognizer,
  type RecognizerModel,
} from './recognizer.ts';
