import { WorkerError } from '@openset/core';
import { ConflictError, StoreError } from '@openset/gallery';
import type { FastifyError, FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { ImageRefusedError, QueueFullError } from '../recognizer.ts';
import { ApiError } from './api-error.ts';

/** Words for the status codes of errors that fastify and its plugins raise. */
const codesOfStatus: Readonly<Record<number, string>> = {
  404: 'not-found',
  413: 'too-large',
  415: 'unsupported-media-type',
  429: 'too-many-requests',
};

/** Returns the answer to an error; null for an unexpected one, whose facts stay in the log. */
export function expectedAnswer(error: unknown): ApiError | null {
  if (error instanceof ApiError) return error;
  if (error instanceof ImageRefusedError) return new ApiError(422, error.code, error.message);
  if (error instanceof ConflictError) return new ApiError(409, 'conflict', error.message);
  if (error instanceof QueueFullError) {
    return new ApiError(503, 'busy', error.message, { retryAfter: error.retryAfter });
  }
  if (error instanceof StoreError) {
    return new ApiError(503, 'gallery', 'The gallery cannot do this now: try again.', { retryAfter: 1 });
  }
  if (error instanceof WorkerError) {
    const message = 'The recognizer failed on this request: try again.';
    return new ApiError(503, 'recognizer-failed', message, { retryAfter: 1 });
  }
  const { validation, validationContext, statusCode, message } = error as Partial<FastifyError>;
  if (validation) {
    return new ApiError(400, 'invalid-request', `The request does not fit the schema: ${message}.`, {
      details: validation.map(({ instancePath, message: problem, params }) => ({
        place: `${validationContext ?? ''}${instancePath}`,
        problem,
        ...('additionalProperty' in params && { property: params.additionalProperty }),
      })),
    });
  }
  if ((error as Error)?.name === 'AbortError') {
    return new ApiError(400, 'aborted', 'The request was aborted.');
  }
  if (statusCode === undefined || statusCode < 400 || statusCode > 499) return null;
  return new ApiError(statusCode, codesOfStatus[statusCode] ?? 'invalid-request', String(message));
}

/** Makes all errors of a server answers of one form: `{ error: { code, message, details? } }`. */
export function answerErrors(app: FastifyInstance): void {
  app.setErrorHandler(sendError);
  app.setNotFoundHandler((request, reply) =>
    sendError(new ApiError(404, 'not-found', 'There is no such page.'), request, reply),
  );
}

/** Sends the answer to an error. Logs an unexpected one and a dead thread, without the message, which could hold a name. */
export function sendError(error: unknown, request: FastifyRequest, reply: FastifyReply): void {
  let answer = expectedAnswer(error);
  if (!answer) {
    answer = new ApiError(
      500,
      'internal',
      'The service failed. Its log has more, under the identifier of the request.',
      {
        details: { requestId: request.id },
      },
    );
  }
  if (answer.status === 500 || error instanceof WorkerError) {
    request.log.error({ requestId: request.id, ...describeError(error) }, 'request failed');
  }
  const { status, code, message, details, retryAfter } = answer;
  if (retryAfter !== null) reply.header('retry-after', Math.max(1, Math.ceil(retryAfter)));
  reply
    .status(status)
    .type('application/json; charset=utf-8')
    .serializer(JSON.stringify)
    .send({ error: { code, message, ...(details !== undefined && { details }) } });
}

/** Returns the facts of an error that hold no data of users: its class, its code and where it was thrown. */
export function describeError(error: unknown): { type: string; code?: string; frames: string[] } {
  if (!(error instanceof Error)) return { type: typeof error, frames: [] };
  const code = (error as { code?: unknown }).code;
  const frames = (error.stack ?? '').split('\n').filter((line) => /^\s+at /.test(line));
  return {
    type: error.name,
    ...(typeof code === 'string' && { code }),
    frames: frames.map((line) => line.trim()),
  };
}
