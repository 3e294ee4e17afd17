import type { FastifyInstance } from 'fastify';
import { type Static, Type } from 'typebox';
import { enrollImages, SelectOne } from '../enroll-images.ts';
import { notFound } from '../http/api-error.ts';
import { faultsOfClient } from '../http/client-faults.ts';
import { Align, type ImageValue, imageBody } from '../http/image-bodies.ts';
import { answers } from '../http/route-schema.ts';
import { closed, EnrollAnswer, PhotosAnswer } from '../http/schemas.ts';
import type { Service } from '../service.ts';
import { Identifier, PersonParameters, requirePerson } from './people-routes.ts';

/** Adds the routes of the photos of a person. */
export function addPhotoRoutes(app: FastifyInstance, service: Service): void {
  const { gallery, limits } = service;

  app.post<{
    Params: { id: string };
    Body: { images: ImageValue[]; select?: 'only' | 'largest'; align?: boolean };
  }>(
    '/v1/people/:id/photos',
    {
      config: { scope: 'enroll' },
      schema: {
        operationId: 'addPhotos',
        tags: ['people'],
        summary: 'Add photos to a person',
        params: PersonParameters,
        body: imageBody((image) => ({
          images: Type.Array(image, { minItems: 1, maxItems: limits.imagesPerRequest }),
          select: SelectOne,
          align: Align,
        })),
        response: answers(200, EnrollAnswer),
      },
    },
    async (request): Promise<Static<typeof EnrollAnswer>> => {
      const { name } = await requirePerson(gallery.find({ id: request.params.id }));
      const { images, ...options } = request.body;
      return enrollImages(service, { name }, images, { ...options, signal: request.signal });
    },
  );

  app.get<{ Params: { id: string } }>(
    '/v1/people/:id/photos',
    {
      config: { scope: 'read' },
      schema: {
        operationId: 'listPhotos',
        tags: ['people'],
        summary: 'The photos of a person, in order of enrollment',
        params: PersonParameters,
        response: answers(200, PhotosAnswer),
      },
    },
    async (request): Promise<Static<typeof PhotosAnswer>> => {
      const embeddings = await gallery.embeddings(request.params.id);
      if (!embeddings) throw notFound('person');
      return { photos: embeddings.map(({ id, source, enrolledAt }) => ({ id, source, enrolledAt })) };
    },
  );

  app.delete<{ Params: { id: string; photoId: string } }>(
    '/v1/people/:id/photos/:photoId',
    {
      config: { scope: 'enroll' },
      schema: {
        operationId: 'removePhoto',
        tags: ['people'],
        summary: 'Remove a photo of a person',
        params: closed({
          id: Identifier,
          photoId: Identifier,
        }),
        response: answers(204, Type.Null({ description: 'Removed.' })),
      },
    },
    async (request, reply) => {
      const { id, photoId } = request.params;
      if (!(await faultsOfClient(() => gallery.removeEmbedding(id, photoId)))) throw notFound('photo');
      return reply.status(204).send();
    },
  );
}
