import { Validator } from '@seriousme/openapi-schema-validator';
import { expect, it } from 'vitest';
import { startFake } from '../__fixtures__/start.ts';

it('is a valid document of OpenAPI 3.1 with every route under /v1', async () => {
  const { app } = await startFake();
  const document = (await app.inject('/openapi.json')).json();
  expect(document.openapi).toMatch(/^3\.1\./);
  const { valid, errors } = await new Validator().validate(structuredClone(document));
  expect(errors ?? []).toEqual([]);
  expect(valid).toBe(true);
  const operations = Object.entries<Record<string, { operationId: string }>>(document.paths).flatMap(
    ([path, methods]) =>
      Object.entries(methods).map(([method, { operationId }]) => `${operationId}: ${method} ${path}`),
  );
  expect(operations.sort()).toEqual([
    'addPhotos: post /v1/people/{id}/photos',
    'embed: post /v1/embed',
    'enrollPerson: post /v1/people',
    'getModel: get /v1/model',
    'getPerson: get /v1/people/{id}',
    'identify: post /v1/identify',
    'isAlive: get /healthz',
    'isReady: get /readyz',
    'listOperatingPoints: get /v1/operating-points',
    'listPeople: get /v1/people',
    'listPhotos: get /v1/people/{id}/photos',
    'removePerson: delete /v1/people/{id}',
    'removePhoto: delete /v1/people/{id}/photos/{photoId}',
    'resetOperatingPoint: delete /v1/operating-point',
    'setOperatingPoint: put /v1/operating-point',
    'updatePerson: patch /v1/people/{id}',
    'verify: post /v1/verify',
  ]);
});

it('has one schema for the images of forms and one for those of JSON, and names the schemas of answers', async () => {
  const { app } = await startFake();
  const document = (await app.inject('/openapi.json')).json();
  const { content } = document.paths['/v1/embed'].post.requestBody;
  expect(content['multipart/form-data'].schema.properties.image).toMatchObject({
    type: 'string',
    format: 'binary',
  });
  expect(content['application/json'].schema.properties.image).toMatchObject({
    type: 'string',
    format: 'byte',
  });
  expect(document.paths['/v1/embed'].post.responses['200'].content['application/json'].schema).toEqual({
    $ref: '#/components/schemas/EmbedAnswer',
  });
  expect(document.components.schemas.EmbeddedFace.required).toEqual(['box', 'score', 'reason', 'embedding']);
  expect(document.paths['/healthz'].get.security).toEqual([]);
});
