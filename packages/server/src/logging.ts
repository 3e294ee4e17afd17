import { checkChoice } from '@openset/core';
import type { FastifyInstance } from 'fastify';
import { describeError } from './http/error-answers.ts';

/** Levels of the log. */
export const logLevels = ['debug', 'info', 'warn', 'error', 'silent'] as const;

/** Where the log goes, and how much. */
export interface LogOptions {
  /** Lines of lower levels are left out; default `'info'`. */
  readonly level?: (typeof logLevels)[number];
  /** Takes lines of JSON; default standard output. */
  readonly stream?: {
    /** Takes one line of JSON with its line feed. */
    write(line: string): void;
  };
}

/** Returns the options of fastify for a log. Requests and answers are never logged whole: they hold names, keys and images. */
export function loggerOptions({ level = 'info', stream }: LogOptions) {
  checkChoice('createServer: log.level', level, logLevels);
  return {
    level,
    base: undefined,
    serializers: {
      req: () => ({}),
      res: () => ({}),
      err: (error: unknown) => {
        const { type, frames } = describeError(error);
        return { type, message: '', stack: frames.join('\n') };
      },
    },
    ...(stream && { stream }),
  };
}

/** Logs a line for each request: its route with the names of parameters instead of their values, the status, and the time. */
export function logRequests(app: FastifyInstance): void {
  app.addHook('onResponse', async (request, reply) => {
    const { method, routeOptions, id } = request;
    const milliseconds = Math.round(reply.elapsedTime);
    const line = {
      requestId: id,
      method,
      route: routeOptions.url ?? null,
      status: reply.statusCode,
      milliseconds,
    };
    request.log.info(line, 'request');
  });
}
