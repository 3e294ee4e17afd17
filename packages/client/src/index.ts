export { type ClientOptions, OpensetClient } from './openset-client.ts';
export { ServiceError } from './service-error.ts';
export type {
  CallOptions,
  Embeddings,
  EmbedOptions,
  Enrollment,
  EnrollOptions,
  Identification,
  IdentifyOptions,
  Image,
  ImageOptions,
  Model,
  OperatingPoints,
  PeoplePage,
  Person,
  Photo,
  PhotoOptions,
  Question,
  SearchThreshold,
  Verification,
  VerifyOptions,
} from './types.ts';
