import { MemoryGallery } from '@openset/gallery';
import { createServer, pageFolder, type ServerOptions } from '@openset/server';
import { DrawnRecognizer } from './drawn-recognizer.ts';

/** Starts the service with its page, for drawn photos. */
export async function startPage(options: Partial<ServerOptions> = {}) {
  const recognizer = new DrawnRecognizer();
  const { name, fingerprint, embeddingSize } = recognizer.model;
  const gallery = new MemoryGallery({
    model: { name, fingerprint },
    embeddingSize,
    crop: null,
    comparison: 'mean',
  });
  const server = await createServer({ recognizer, gallery, page: pageFolder, ...options });
  const address = await server.listen({ port: 0 });
  return { server, recognizer, gallery, address };
}
