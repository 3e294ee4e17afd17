import type { components } from './schema.ts';

type Schemas = components['schemas'];

/** Whether two images show one person, by the `threshold`, and the face that was compared on the `first` and on the `second` image. */
export type Verification = Schemas['VerifyAnswer'];
/** The people on an image, by the `threshold`: for each face the person or null, cosine, probability, candidates, or why it was refused. */
export type Identification = Schemas['IdentifyAnswer'];
/** The embeddings of the faces of an image, and the fingerprint of their model. */
export type Embeddings = Schemas['EmbedAnswer'];
/** A person of the gallery. */
export type Person = Schemas['Person'];
/** A page of the list of people. */
export type PeoplePage = Schemas['People'];
/** A photo of a person: identifier, name of the file, time. The image itself is not stored. */
export type Photo = Schemas['Photo'];
/** Result of an enrollment: the `person` after it, the new photos, those refused with reasons, and warnings. */
export type Enrollment = Schemas['Enrollment'];
/** The model of the service, its gallery, and the thresholds that decide: `pairs` for two images, `search` for the gallery. */
export type Model = Schemas['Model'];
/** Thresholds to choose from, and what each costs. `current` is the one in force, `model` the one that the service has without a choice. */
export type OperatingPoints = Schemas['OperatingPoints'];
/** The threshold of a search, its question, and the false alarms to expect. */
export type SearchThreshold = Schemas['SearchThreshold'];
/** Question that a threshold answers. */
export type Question = Schemas['Question'];

/** An encoded image: a file, or its bytes. */
export type Image = Blob | Uint8Array<ArrayBuffer> | ArrayBuffer;

/** Options of every call. */
export interface CallOptions {
  /** Ends the call. */
  readonly signal?: AbortSignal | undefined;
}

/** Options of calls with images. */
export interface ImageOptions extends CallOptions {
  /** False for images that are crops already; default: faces are found if the model needs crops. */
  readonly align?: boolean | undefined;
}

/** Options of `OpensetClient.verify`. */
export interface VerifyOptions extends ImageOptions {
  /** Overrides the threshold of the service; from -1 to 1. */
  readonly threshold?: number | undefined;
}

/** Options of `OpensetClient.embed`. */
export interface EmbedOptions extends ImageOptions {
  /** The largest face, or all; default all. */
  readonly select?: 'largest' | 'all' | undefined;
}

/** Options of `OpensetClient.identify`. */
export interface IdentifyOptions extends EmbedOptions {
  /** Overrides the threshold of the service; from -1 to 1. */
  readonly threshold?: number | undefined;
  /** Number of nearest people to list, from 1 to 100; default 5. */
  readonly candidates?: number | undefined;
}

/** Options of `OpensetClient.addPhotos`. */
export interface PhotoOptions extends ImageOptions {
  /** Whether a photo must have only one face that can be recognised, or its largest face counts; default `'only'`. */
  readonly select?: 'only' | 'largest' | undefined;
}

/** Options of `OpensetClient.enroll`. */
export interface EnrollOptions extends PhotoOptions {
  /** Replaces the metadata of the person; default: unchanged. */
  readonly metadata?: Readonly<Record<string, unknown>> | undefined;
}
