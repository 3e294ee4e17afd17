import { checkMetadata, checkPersonName, type JsonObject, type Person } from '@openset/gallery';
import type { FastifyInstance } from 'fastify';
import { type Static, Type } from 'typebox';
import { enrollImages, SelectOne, shownPerson } from '../enroll-images.ts';
import { notFound } from '../http/api-error.ts';
import { faultsOfClient } from '../http/client-faults.ts';
import { Align, type ImageValue, imageBody } from '../http/image-bodies.ts';
import { answers } from '../http/route-schema.ts';
import { closed, EnrollAnswer, Metadata, PeopleAnswer, PersonAnswer } from '../http/schemas.ts';
import type { Service } from '../service.ts';

const Name = Type.String({
  minLength: 1,
  maxLength: 400,
  description:
    'Up to 200 characters, plain text. One person has it: a second enrollment adds photos to that person.',
});
/** Identifiers of galleries. Databases refuse some characters that others have. */
export const Identifier = Type.String({ pattern: '^[\\x21-\\x7e]{1,100}$' });
/** Parameters of the routes of a person. */
export const PersonParameters = closed({ id: Identifier });

/** Adds the routes that list, enroll, change and remove people. */
export function addPeopleRoutes(app: FastifyInstance, service: Service): void {
  const { gallery, limits } = service;
  const imageCount = { minItems: 1, maxItems: limits.imagesPerRequest };

  app.post<{
    Body: {
      name: string;
      metadata?: JsonObject;
      images: ImageValue[];
      select?: 'only' | 'largest';
      align?: boolean;
    };
  }>(
    '/v1/people',
    {
      config: { scope: 'enroll' },
      schema: {
        operationId: 'enrollPerson',
        tags: ['people'],
        summary: 'Enroll a person, or add photos to one',
        description:
          'Answers after the gallery has stored everything. Images are not stored, only their embeddings.',
        body: imageBody((image) => ({
          name: Name,
          metadata: Type.Optional(Metadata),
          images: Type.Array(image, imageCount),
          select: SelectOne,
          align: Align,
        })),
        response: { ...answers(200, EnrollAnswer), 201: EnrollAnswer },
      },
    },
    async (request, reply): Promise<Static<typeof EnrollAnswer>> => {
      const { images, name, metadata, ...options } = request.body;
      const person = await faultsOfClient(() => ({
        name: checkPersonName(name),
        metadata: metadata && checkMetadata(metadata),
      }));
      const answer = await enrollImages(service, person, images, { ...options, signal: request.signal });
      reply.status(answer.isNew ? 201 : 200);
      return answer;
    },
  );

  app.get<{ Querystring: { after?: string; limit?: number } }>(
    '/v1/people',
    {
      config: { scope: 'read' },
      schema: {
        operationId: 'listPeople',
        tags: ['people'],
        summary: 'A page of the list of people, by name',
        querystring: closed({
          after: Type.Optional(
            Type.String({ pattern: '^[^\\x00]*$', description: '`next` of the page before.' }),
          ),
          limit: Type.Optional(Type.Integer({ minimum: 1, maximum: 1000, description: 'Default 100.' })),
        }),
        response: answers(200, PeopleAnswer),
      },
    },
    async (request): Promise<Static<typeof PeopleAnswer>> => {
      const { people, next } = await gallery.people(request.query);
      return { people: people.map(shownPerson), next };
    },
  );

  app.get<{ Params: { id: string } }>(
    '/v1/people/:id',
    {
      config: { scope: 'read' },
      schema: {
        operationId: 'getPerson',
        tags: ['people'],
        summary: 'A person',
        params: PersonParameters,
        response: answers(200, PersonAnswer),
      },
    },
    async (request) => shownPerson(await requirePerson(gallery.find({ id: request.params.id }))),
  );

  app.patch<{ Params: { id: string }; Body: { name?: string; metadata?: JsonObject } }>(
    '/v1/people/:id',
    {
      config: { scope: 'enroll' },
      schema: {
        operationId: 'updatePerson',
        tags: ['people'],
        summary: 'Rename a person, or replace the metadata',
        params: PersonParameters,
        body: {
          content: {
            'application/json': {
              schema: {
                ...closed({ name: Type.Optional(Name), metadata: Type.Optional(Metadata) }),
                minProperties: 1,
              },
            },
          },
        },
        response: answers(200, PersonAnswer),
      },
    },
    async (request) => {
      const { name, metadata } = request.body;
      const changes = await faultsOfClient(() => ({
        ...(name !== undefined && { name: checkPersonName(name) }),
        ...(metadata !== undefined && { metadata: checkMetadata(metadata) }),
      }));
      return shownPerson(await requirePerson(gallery.update(request.params.id, changes)));
    },
  );

  app.delete<{ Params: { id: string } }>(
    '/v1/people/:id',
    {
      config: { scope: 'enroll' },
      schema: {
        operationId: 'removePerson',
        tags: ['people'],
        summary: 'Remove a person and everything of them',
        params: PersonParameters,
        response: answers(204, Type.Null({ description: 'Removed.' })),
      },
    },
    async (request, reply) => {
      if (!(await gallery.remove(request.params.id))) throw notFound('person');
      return reply.status(204).send();
    },
  );
}

/** @throws ApiError if there is no such person */
export async function requirePerson(person: Promise<Person | null>): Promise<Person> {
  const found = await person;
  if (!found) throw notFound('person');
  return found;
}
