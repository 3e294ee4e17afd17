import { MemoryGallery } from '@openset/gallery';
import { createServer, type ServerOptions } from '../create-server.ts';
import { embeddingSize, FakeRecognizer } from './fake-recognizer.ts';

/** Creates a service with the fake recognizer and an empty gallery. */
export async function startFake(options: Partial<ServerOptions> = {}) {
  const recognizer = new FakeRecognizer();
  const gallery = new MemoryGallery({
    model: recognizer.model,
    embeddingSize,
    crop: null,
    comparison: 'mean',
  });
  const server = await createServer({ recognizer, gallery, ...options });
  return { server, app: server.app, recognizer, gallery };
}

/** Returns a promise and the function that resolves it. */
export function gate(): { promise: Promise<void>; open: () => void } {
  let open = () => {};
  const promise = new Promise<void>((resolve) => {
    open = resolve;
  });
  return { promise, open };
}

/** A part of a form: a text, or a file. */
export type Part = readonly [name: string, value: string | Buffer, file?: string];

/** Returns body and headers of a multipart request. */
export function form(...parts: Part[]) {
  const boundary = 'boundary-of-the-test';
  const chunks = parts.flatMap(([name, value, file]) => [
    `--${boundary}\r\nContent-Disposition: form-data; name="${name}"`,
    typeof value === 'string'
      ? '\r\n\r\n'
      : `; filename="${file ?? 'photo.jpg'}"\r\nContent-Type: image/jpeg\r\n\r\n`,
    value,
    '\r\n',
  ]);
  const payload = Buffer.concat([...chunks, `--${boundary}--\r\n`].map((chunk) => Buffer.from(chunk)));
  return { payload, headers: { 'content-type': `multipart/form-data; boundary=${boundary}` } };
}
