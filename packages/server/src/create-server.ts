import { randomUUID } from 'node:crypto';
import type { Socket } from 'node:net';
import rateLimit from '@fastify/rate-limit';
import { ConfigError } from '@openset/core';
import { type Gallery, requireSameFacts } from '@openset/gallery';
import fastify, { type FastifyInstance, type FastifyLoggerOptions, LogController } from 'fastify';
import { ApiError } from './http/api-error.ts';
import { answerErrors, sendError } from './http/error-answers.ts';
import { describeRoutes } from './http/openapi.ts';
import { fileKeyword, readBodies } from './http/read-bodies.ts';
import { guardAccess, requireSafeHost } from './limits/access.ts';
import { limitAnswerTime } from './limits/answer-time.ts';
import type { ApiKeys } from './limits/api-keys.ts';
import { completeLimits, type ServerLimits } from './limits/limits.ts';
import { RunningRequests } from './limits/running-requests.ts';
import { type LogOptions, loggerOptions, logRequests } from './logging.ts';
import { measure } from './metrics.ts';
import type { Recognizer } from './recognizer.ts';
import { addModelRoutes } from './routes/model-routes.ts';
import { addPageRoutes } from './routes/page-routes.ts';
import { addPeopleRoutes } from './routes/people-routes.ts';
import { addPhotoRoutes } from './routes/photo-routes.ts';
import { addRecognitionRoutes } from './routes/recognition-routes.ts';
import { addStatusRoutes } from './routes/status-routes.ts';
import type { Service } from './service.ts';

/** Options of `createServer`. */
export interface ServerOptions {
  /** The caller closes it after the server. */
  readonly recognizer: Recognizer;
  /** Gallery of the recognizer's model. The caller closes it after the server. */
  readonly gallery: Gallery;
  /** Keys of `openKeys`; null lets in only this machine. Default null. */
  readonly keys?: ApiKeys | null;
  /** Limits that differ from `defaultLimits`. */
  readonly limits?: Partial<ServerLimits>;
  /** Absolute path of a folder with `index.html`, for the page at `/`; null for none. Default null. */
  readonly page?: string | null;
  /** The log, which holds no names, keys, images and embeddings; default none. */
  readonly log?: LogOptions | null;
}

/** A service over HTTP. */
export interface Server {
  /** The fastify instance, for `inject` and more routes. A route states its `config.scope`; otherwise it needs `admin`. */
  readonly app: FastifyInstance;
  /**
   * Starts to take requests.
   * @param options `host`: default 127.0.0.1; `port`: 0 for any free one
   * @returns the address, such as `http://127.0.0.1:8080`
   * @throws ConfigError without keys, for a host that other machines can reach
   */
  listen(options: { readonly host?: string; readonly port: number }): Promise<string>;
  /** Stops: `/readyz` and new requests get 503, requests that run end, then connections close. */
  close(): Promise<void>;
}

/**
 * Creates the service: the API under `/v1`, `/openapi.json`, `/healthz`, `/readyz` and `/metrics`.
 * @throws DataError or ShapeError for a gallery of another model; ConfigError if a limit is out of range
 */
export async function createServer(options: ServerOptions): Promise<Server> {
  const { recognizer, gallery, keys = null, log = null, page = null } = options;
  const limits = completeLimits(options.limits);
  const { name, fingerprint, embeddingSize, description } = recognizer.model;
  requireSameFacts('of the service', gallery.facts, {
    model: { name, fingerprint },
    embeddingSize,
    crop: description.crop ?? null,
  });
  const service: Service = { recognizer, gallery, limits };
  const app = fastify({
    logger: log ? (loggerOptions(log) as FastifyLoggerOptions) : false,
    logController: new LogController({ disableRequestLogging: true }),
    genReqId: () => randomUUID(),
    bodyLimit: limits.bodyBytes,
    requestTimeout: 1000 * limits.receiveSeconds,
    http: { headersTimeout: 1000 * Math.min(10, limits.receiveSeconds), connectionsCheckingInterval: 1000 },
    ajv: {
      customOptions: { coerceTypes: false, removeAdditional: false },
      plugins: [(ajv: { addKeyword(keyword: object): unknown }) => ajv.addKeyword(fileKeyword)] as never,
    },
    frameworkErrors: sendError as never,
    clientErrorHandler: answerBrokenRequest,
  });
  const running = new RunningRequests(limits);
  answerErrors(app);
  app.addHook('onRequest', async (request, reply) => {
    reply.headers({
      'x-request-id': request.id,
      'x-content-type-options': 'nosniff',
      'cache-control': 'no-store',
    });
  });
  limitAnswerTime(app, limits);
  logRequests(app);
  const metrics = measure(app, service, running);
  running.addTo(app);
  guardAccess(app, keys);
  if (keys !== null) await limitRate(app, limits);
  await describeRoutes(app);
  await readBodies(app, limits);
  addRecognitionRoutes(app, service);
  addPeopleRoutes(app, service);
  addPhotoRoutes(app, service);
  addModelRoutes(app, service);
  addStatusRoutes(app, service, { running, metrics });
  if (page !== null) await addPageRoutes(app, page);
  let isListening = false;
  return {
    app,
    async listen({ host = '127.0.0.1', port }) {
      requireSafeHost(host, keys);
      if (isListening) throw new ConfigError('The service listens already.');
      isListening = true;
      return app.listen({ host, port });
    },
    async close() {
      await running.stop(limits.stopSeconds);
      app.server.closeAllConnections();
      await app.close();
    },
  };
}

/** Limits the requests of each key. */
async function limitRate(app: FastifyInstance, { requestsPerMinute }: ServerLimits): Promise<void> {
  await app.register(rateLimit, {
    max: requestsPerMinute,
    timeWindow: 60_000,
    keyGenerator: ({ keyName }) => keyName ?? 'no key',
    allowList: ({ keyName }) => keyName === null,
    errorResponseBuilder: (_, { ttl }) =>
      new ApiError(429, 'too-many-requests', `A key may send ${requestsPerMinute} requests in a minute.`, {
        retryAfter: ttl / 1000,
      }),
  });
}

/** Answers what is no HTTP, too slow, or has too long headers. */
function answerBrokenRequest(error: Error & { code?: string }, socket: Socket): void {
  if (error.code === 'ECONNRESET' || !socket.writable) {
    socket.destroy();
    return;
  }
  const status =
    error.code === 'ERR_HTTP_REQUEST_TIMEOUT'
      ? '408 Request Timeout'
      : error.code === 'HPE_HEADER_OVERFLOW'
        ? '431 Request Header Fields Too Large'
        : '400 Bad Request';
  const body = JSON.stringify({
    error: { code: 'broken-request', message: 'The request is no valid HTTP, or took too long.' },
  });
  const headers = `Content-Type: application/json\r\nContent-Length: ${body.length}\r\nConnection: close`;
  socket.end(`HTTP/1.1 ${status}\r\n${headers}\r\n\r\n${body}`);
}
