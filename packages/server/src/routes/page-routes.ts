import staticFiles from '@fastify/static';
import type { FastifyInstance } from 'fastify';

/** What the page may do: its own files, and images and the camera of the user. No other site may show it in a frame. */
const policy = [
  "default-src 'self'",
  "img-src 'self' blob: data:",
  "media-src 'self' blob:",
  "frame-ancestors 'none'",
  "base-uri 'none'",
  "form-action 'none'",
].join('; ');

/**
 * Adds a page at `/`, whose files anybody can read.
 * @param folder absolute path of the folder with `index.html`
 */
export async function addPageRoutes(app: FastifyInstance, folder: string): Promise<void> {
  await app.register(staticFiles, { root: folder, serve: false, cacheControl: false });
  const options = { config: { scope: null }, schema: { hide: true } };
  app.get<{ Params: { '*': string } }>('/*', options, (request, reply) => {
    reply.headers({
      'content-security-policy': policy,
      'referrer-policy': 'no-referrer',
      'cache-control': 'no-cache',
    });
    return reply.sendFile(request.params['*'] || 'index.html');
  });
}
