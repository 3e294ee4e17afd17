import { identify } from '@openset/gallery';
import { compareEmbeddings } from '@openset/verify';
import type { FastifyInstance } from 'fastify';
import { type Static, Type } from 'typebox';
import { ApiError } from '../http/api-error.ts';
import { Align, type ImageValue, imageBody, readImage } from '../http/image-bodies.ts';
import { answers } from '../http/route-schema.ts';
import { EmbedAnswer, IdentifyAnswer, VerifyAnswer } from '../http/schemas.ts';
import type { RecognizedFace, RecognizedImage } from '../recognizer.ts';
import type { Service } from '../service.ts';
import { pairThresholdFor, searchThresholdFor } from '../thresholds.ts';

const Threshold = Type.Optional(
  Type.Number({ minimum: -1, maximum: 1, description: 'Overrides the threshold of the service.' }),
);
const Select = Type.Optional(
  Type.Unsafe<'largest' | 'all'>({
    type: 'string',
    enum: ['largest', 'all'],
    description: 'The largest face of the image, or all; default all.',
  }),
);
const Candidates = Type.Optional(
  Type.Integer({ minimum: 1, maximum: 100, description: 'Number of nearest people to list; default 5.' }),
);

const VerifyBody = imageBody((image) => ({
  first: image,
  second: image,
  threshold: Threshold,
  align: Align,
}));
const IdentifyBody = imageBody((image) => ({
  image,
  candidates: Candidates,
  threshold: Threshold,
  select: Select,
  align: Align,
}));
const EmbedBody = imageBody((image) => ({ image, select: Select, align: Align }));

interface VerifyRequest {
  readonly first: ImageValue;
  readonly second: ImageValue;
  readonly threshold?: number;
  readonly align?: boolean;
}

interface IdentifyRequest {
  readonly image: ImageValue;
  readonly candidates?: number;
  readonly threshold?: number;
  readonly select?: 'largest' | 'all';
  readonly align?: boolean;
}

/** Adds the routes that recognise faces: two images, one image among many people, embeddings. */
export function addRecognitionRoutes(app: FastifyInstance, service: Service): void {
  const { recognizer, gallery, limits } = service;

  app.post<{ Body: VerifyRequest }>(
    '/v1/verify',
    {
      config: { scope: 'read' },
      schema: {
        operationId: 'verify',
        tags: ['recognition'],
        summary: 'Do two images show one person?',
        description: 'Compares the largest face of each image.',
        body: VerifyBody,
        response: answers(200, VerifyAnswer),
      },
    },
    async (request): Promise<Static<typeof VerifyAnswer>> => {
      const { first, second, threshold: requested, ...options } = request.body;
      const recognize = async (value: ImageValue, place: string) =>
        onlyFace(
          place,
          await recognizer.recognize(readImage(value, place, limits.imageBytes).bytes, {
            select: 'largest',
            signal: request.signal,
            ...options,
          }),
        );
      const [a, b] = await Promise.all([recognize(first, 'first'), recognize(second, 'second')]);
      const threshold = pairThresholdFor(service, requested);
      const { calibration } = recognizer.model.description;
      const { same, cosine, probability } = compareEmbeddings(a.embedding, b.embedding, {
        threshold: threshold.threshold,
        calibration,
      });
      return { same, cosine, probability, threshold, first: a.shown, second: b.shown };
    },
  );

  app.post<{ Body: IdentifyRequest }>(
    '/v1/identify',
    {
      config: { scope: 'read' },
      schema: {
        operationId: 'identify',
        tags: ['recognition'],
        summary: 'Who is on this image?',
        description: 'Finds the person of each face among those enrolled, or that it is nobody of them.',
        body: IdentifyBody,
        response: answers(200, IdentifyAnswer),
      },
    },
    async (request): Promise<Static<typeof IdentifyAnswer>> => {
      const { image, candidates = 5, threshold: requested, ...options } = request.body;
      const { bytes } = readImage(image, 'image', limits.imageBytes);
      const { width, height, faces } = await recognizer.recognize(bytes, {
        signal: request.signal,
        ...options,
      });
      const { people } = await gallery.count();
      const threshold = searchThresholdFor(service, people, requested);
      const { calibration, galleryThresholds } = recognizer.model.description;
      const decision = {
        ...{ threshold: threshold.threshold, calibration, galleryThresholds },
        ...{ candidates, people },
      };
      const identified = [];
      for (const face of faces) {
        const found = face.embedding && (await identify(gallery, face.embedding, decision));
        identified.push({
          ...shownFace(face),
          person: found?.identity ? { id: found.id!, name: found.identity } : null,
          cosine: found?.cosine ?? null,
          probability: found?.probability ?? null,
          candidates: (found?.candidates ?? []).map(({ id, identity, cosine }) => ({
            id,
            name: identity,
            cosine,
          })),
        });
      }
      return { width, height, people, threshold, faces: identified };
    },
  );

  app.post<{ Body: Pick<IdentifyRequest, 'image' | 'select' | 'align'> }>(
    '/v1/embed',
    {
      config: { scope: 'read' },
      schema: {
        operationId: 'embed',
        tags: ['recognition'],
        summary: 'The embeddings of the faces of an image',
        body: EmbedBody,
        response: answers(200, EmbedAnswer),
      },
    },
    async (request): Promise<Static<typeof EmbedAnswer>> => {
      const { image, ...options } = request.body;
      const { bytes } = readImage(image, 'image', limits.imageBytes);
      const { width, height, faces } = await recognizer.recognize(bytes, {
        signal: request.signal,
        ...options,
      });
      return {
        width,
        height,
        fingerprint: recognizer.model.fingerprint,
        faces: faces.map((face) => ({
          ...shownFace(face),
          embedding: face.embedding && Array.from(face.embedding),
        })),
      };
    },
  );
}

/** Returns a face without its embedding. */
export function shownFace({ box, score, reason }: RecognizedFace): Omit<RecognizedFace, 'embedding'> {
  return { box, score, reason };
}

/** @throws ApiError if the face of an image cannot be recognised, or there is none */
function onlyFace(place: string, { width, height, faces }: RecognizedImage) {
  const face = faces.find(({ embedding }) => embedding !== null);
  if (!face) {
    const reason = faces[0]?.reason ?? 'no face was found';
    throw new ApiError(422, 'no-face', `The image '${place}' cannot be compared: ${reason}.`, {
      details: { image: place, faces: faces.map(shownFace) },
    });
  }
  return {
    embedding: face.embedding!,
    shown: { width, height, face: shownFace(face), faceCount: faces.length },
  };
}
