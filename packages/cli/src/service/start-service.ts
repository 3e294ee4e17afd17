import type { FixedFacts, Gallery } from '@openset/gallery';
import { createServer, type LogOptions, openKeys, readKeys, type ServerLimits } from '@openset/server';
import {
  type OpenedRecognizer,
  openRecognizer,
  type RecognizerOptions,
} from '../recognizer/open-recognizer.ts';

/** Options of `startService`. */
export interface ServiceOptions extends RecognizerOptions {
  /**
   * Opens the gallery of the service, or creates it; the service closes it.
   * @param facts of a new gallery
   */
  readonly openGallery: (facts: FixedFacts) => Promise<Gallery>;
  /** Address to listen at; default 127.0.0.1. Others need keys. */
  readonly host?: string | undefined;
  /** Port to listen at; 0 for any free one. */
  readonly port: number;
  /** Path of a file of API keys; without it, the service answers this machine only. */
  readonly keys?: string | undefined;
  /** Limits of requests that differ from `defaultLimits` of `@openset/server`. */
  readonly requestLimits?: Partial<ServerLimits> | undefined;
  /** Absolute path of the folder of the page at `/`; default none. */
  readonly page?: string | null | undefined;
  /** The log of requests; default none. */
  readonly log?: LogOptions | null | undefined;
}

/** A service that runs. */
export interface RunningService {
  /** Such as `http://127.0.0.1:8080`. */
  readonly address: string;
  /** The model with its threads; closed with the service. */
  readonly recognizer: OpenedRecognizer;
  /** The open gallery that requests search and change. */
  readonly gallery: Gallery;
  /** Number of API keys at the start; null without a file of keys. */
  readonly keyCount: number | null;
  /** Stops: new requests are refused, requests that run end, then threads end and the gallery closes. */
  close(): Promise<void>;
}

/**
 * Starts the service: a recognizer in worker threads, a gallery, and a server in front of them.
 * @throws OpenSetError for a model, a gallery, keys or an address that cannot be used; nothing is left running
 */
export async function startService(options: ServiceOptions): Promise<RunningService> {
  const { host = '127.0.0.1', port, keys: keyFile, requestLimits, page = null, log = null } = options;
  const closers: (() => Promise<void>)[] = [];
  const close = async () => {
    for (const end of closers.splice(0).reverse()) await end();
  };
  try {
    const keys = keyFile === undefined ? null : await openKeys(keyFile);
    const keyCount = keyFile === undefined ? null : (await readKeys(keyFile)).length;
    const recognizer = await openRecognizer(options);
    closers.push(() => recognizer.close());
    const { name, fingerprint, embeddingSize, description } = recognizer.model;
    const crop = description.crop ?? null;
    const facts = { model: { name, fingerprint }, embeddingSize, crop, comparison: 'mean' } as const;
    const gallery = await options.openGallery(facts);
    closers.push(() => gallery.close());
    const limits = requestLimits ?? {};
    const server = await createServer({ recognizer, gallery, keys, limits, page, log });
    closers.push(() => server.close());
    const address = await server.listen({ host, port });
    return { address, recognizer, gallery, keyCount, close };
  } catch (error) {
    await close();
    throw error;
  }
}
