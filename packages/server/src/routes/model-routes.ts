import type { OperatingPoint } from '@openset/gallery';
import { describeCrop, operatingPoints } from '@openset/verify';
import type { FastifyInstance } from 'fastify';
import { type Static, Type } from 'typebox';
import { answers } from '../http/route-schema.ts';
import { ModelAnswer, OperatingPointBody, OperatingPointsAnswer, SearchThreshold } from '../http/schemas.ts';
import type { Service } from '../service.ts';
import { modelSearchThreshold, pairThresholdFor, searchThresholdFor } from '../thresholds.ts';

/** Adds the routes of the model and its thresholds. */
export function addModelRoutes(app: FastifyInstance, service: Service): void {
  const { recognizer, gallery } = service;

  app.get(
    '/v1/model',
    {
      config: { scope: 'read' },
      schema: {
        operationId: 'getModel',
        tags: ['model'],
        summary: 'The model, its gallery and the thresholds that decide',
        response: answers(200, ModelAnswer),
      },
    },
    async (): Promise<Static<typeof ModelAnswer>> => {
      const { name, fingerprint, embeddingSize, description } = recognizer.model;
      const { people, embeddings } = await gallery.count();
      return {
        name,
        fingerprint,
        embeddingSize,
        crop: describeCrop(description.crop),
        comparison: gallery.facts.comparison,
        gallery: { people, embeddings },
        pairs: pairThresholdFor(service),
        search: searchThresholdFor(service, people),
      };
    },
  );

  app.get(
    '/v1/operating-points',
    {
      config: { scope: 'read' },
      schema: {
        operationId: 'listOperatingPoints',
        tags: ['model'],
        summary: 'Thresholds to choose from, and what each costs',
        response: answers(200, OperatingPointsAnswer),
      },
    },
    async (): Promise<Static<typeof OperatingPointsAnswer>> => {
      const { people } = await gallery.count();
      const points = operatingPoints(recognizer.model.description.galleryThresholds, people);
      return {
        people,
        current: searchThresholdFor(service, people),
        model: modelSearchThreshold(service, people),
        points: points.map(({ falseAlarms: rate, ...point }) => ({ rate, ...point })),
        reason:
          points.length > 0
            ? null
            : 'The model has no estimates for other rates of false alarms. Train it again, or calibrate it with openset calibrate --data.',
      };
    },
  );

  app.put<{ Body: { threshold: number; question?: OperatingPoint['question'] } }>(
    '/v1/operating-point',
    {
      config: { scope: 'admin' },
      schema: {
        operationId: 'setOperatingPoint',
        tags: ['model'],
        summary: 'Choose the threshold of the gallery',
        body: { content: { 'application/json': { schema: OperatingPointBody } } },
        response: answers(200, SearchThreshold),
      },
    },
    async (request): Promise<Static<typeof SearchThreshold>> => {
      const { threshold, question = null } = request.body;
      await gallery.setOperatingPoint({ threshold, question });
      return searchThresholdFor(service, (await gallery.count()).people);
    },
  );

  app.delete(
    '/v1/operating-point',
    {
      config: { scope: 'admin' },
      schema: {
        operationId: 'resetOperatingPoint',
        tags: ['model'],
        summary: 'Go back to the threshold of the model',
        response: answers(204, Type.Null({ description: 'Done.' })),
      },
    },
    async (_, reply) => {
      await gallery.setOperatingPoint(null);
      return reply.status(204).send();
    },
  );
}
