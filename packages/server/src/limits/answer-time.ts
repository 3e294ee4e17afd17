import type { FastifyInstance } from 'fastify';
import { ApiError } from '../http/api-error.ts';
import type { ServerLimits } from './limits.ts';

/**
 * Gives each request a `signal` that aborts when the client hangs up or the time to answer is over, and answers with 503 then. Fastify's
 * own signal and `handlerTimeout` end when the request's stream closes, which is when the body has arrived.
 */
export function limitAnswerTime(app: FastifyInstance, { answerSeconds }: ServerLimits): void {
  app.addHook('onRequest', async (request, reply) => {
    const controller = new AbortController();
    const timer = setTimeout(() => {
      const error = new ApiError(503, 'timeout', 'The request took too long.', { retryAfter: 1 });
      controller.abort(error);
      if (!reply.sent) reply.send(error);
    }, 1000 * answerSeconds);
    // A file of the page has more listeners than Node expects: fastify, its plugins and we watch its end.
    reply.raw.setMaxListeners(20);
    reply.raw.once('close', () => {
      clearTimeout(timer);
      if (!reply.raw.writableFinished) controller.abort();
    });
    Object.defineProperty(request, 'signal', { value: controller.signal });
  });
}
