import type { FastifyInstance } from 'fastify';
import type { Registry } from 'prom-client';
import { ApiError } from '../http/api-error.ts';
import { answers } from '../http/route-schema.ts';
import { Health } from '../http/schemas.ts';
import type { RunningRequests } from '../limits/running-requests.ts';
import type { Service } from '../service.ts';

/** Adds the routes for those who run the service: health, metrics, the OpenAPI document. */
export function addStatusRoutes(
  app: FastifyInstance,
  { recognizer, gallery }: Service,
  { running, metrics }: { readonly running: RunningRequests; readonly metrics: Registry },
): void {
  app.get(
    '/healthz',
    {
      config: { scope: null, isHealthCheck: true },
      schema: {
        operationId: 'isAlive',
        tags: ['status'],
        summary: 'Whether the process works',
        security: [],
        response: answers(200, Health),
      },
    },
    async () => ({ status: 'ok' }),
  );

  app.get(
    '/readyz',
    {
      config: { scope: null, isHealthCheck: true },
      schema: {
        operationId: 'isReady',
        tags: ['status'],
        summary: 'Whether the service takes requests',
        security: [],
        response: answers(200, Health),
      },
    },
    async () => {
      if (running.isStopping) throw new ApiError(503, 'stopping', 'The service stops.', { retryAfter: 1 });
      if (!recognizer.isReady) {
        throw new ApiError(503, 'recognizer', 'The recognizer takes no images.', { retryAfter: 5 });
      }
      await gallery.count().catch(() => {
        throw new ApiError(503, 'gallery', 'The gallery does not answer.', { retryAfter: 5 });
      });
      return { status: 'ready' };
    },
  );

  app.get('/metrics', { config: { scope: 'read' }, schema: { hide: true } }, async (_, reply) => {
    reply.type(metrics.contentType);
    return metrics.metrics();
  });

  app.get('/openapi.json', { config: { scope: null }, schema: { hide: true } }, async () => app.swagger());
}
