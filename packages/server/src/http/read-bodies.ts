import multipart from '@fastify/multipart';
import type { FastifyInstance } from 'fastify';
import type { ServerLimits } from '../limits/limits.ts';
import { ApiError } from './api-error.ts';
import { readForm, typedValues } from './read-form.ts';

/** Keyword of our schemas for files of forms, for the validator. */
export const fileKeyword = {
  keyword: 'isFile',
  validate: (_: unknown, value: unknown) =>
    (value as { bytes?: unknown } | null)?.bytes instanceof Uint8Array,
};

/** Reads bodies as JSON or as forms, and refuses types that a route's schema does not list. */
export async function readBodies(app: FastifyInstance, limits: ServerLimits): Promise<void> {
  app.removeContentTypeParser('text/plain');
  await app.register(multipart, {
    limits: {
      fileSize: limits.imageBytes,
      files: limits.imagesPerRequest,
      fields: 20,
      fieldSize: 64 * 1024,
      fieldNameSize: 100,
      headerPairs: 20,
      parts: limits.imagesPerRequest + 20,
    },
  });
  app.addHook('preValidation', async (request) => {
    const { schema } = request.routeOptions;
    const querySchema = schema?.querystring as { properties: Record<string, { type?: unknown }> } | undefined;
    if (querySchema) {
      const entries = Object.entries(request.query as Record<string, string | string[]>);
      request.query = typedValues(
        new Map(entries.map(([name, value]) => [name, [value].flat()])),
        querySchema.properties,
      );
    }
    const content = (schema?.body as { content?: Record<string, { schema: unknown }> } | undefined)?.content;
    if (!content) return;
    const type = request.mediaType ?? '';
    if (!Object.hasOwn(content, type)) {
      throw new ApiError(
        415,
        'unsupported-media-type',
        `Send the body as ${Object.keys(content).join(' or ')}.`,
      );
    }
    if (request.isMultipart())
      request.body = await readForm(request, content[type]!.schema, limits.bodyBytes);
  });
}
