import swagger from '@fastify/swagger';
import type { FastifyInstance } from 'fastify';
import { namedSchemas } from './schemas.ts';

/** Adds the schemas of answers, and makes the OpenAPI document from the schemas of the routes that are added later. */
export async function describeRoutes(app: FastifyInstance): Promise<void> {
  for (const schema of namedSchemas) app.addSchema(schema);
  await app.register(swagger, {
    openapi: {
      openapi: '3.1.0',
      info: {
        title: 'openset',
        version: '1',
        description:
          'Verify, identify and enroll people. Images are files of a form, or base64 in JSON. Errors have one form, with a code for programs.',
        license: { name: 'MIT', identifier: 'MIT' },
      },
      tags: [
        { name: 'recognition', description: 'Faces of images' },
        { name: 'people', description: 'The gallery of known people' },
        { name: 'model', description: 'The model and its thresholds' },
        { name: 'status', description: 'Health of the service' },
      ],
      components: {
        securitySchemes: {
          bearer: { type: 'http', scheme: 'bearer' },
          apiKey: { type: 'apiKey', in: 'header', name: 'X-Api-Key' },
        },
      },
      security: [{ bearer: [] }, { apiKey: [] }],
    },
    refResolver: { buildLocalReference: (json, _, __, index) => String(json.$id ?? `Schema${index}`) },
    transformObject: (document) =>
      ('openapiObject' in document ? withFiles(document.openapiObject) : document.swaggerObject) as never,
  });
}

/** Returns a part of the document in which the files of forms have the type that generators of clients know. */
function withFiles(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(withFiles);
  if (typeof value !== 'object' || value === null) return value;
  const { isFile, ...rest } = value as { isFile?: unknown };
  const entries = Object.entries(rest).map(([key, part]) => [key, withFiles(part)]);
  return { ...Object.fromEntries(entries), ...(isFile === true && { type: 'string', format: 'binary' }) };
}
