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
