import { once } from 'node:events';
import { type FixedFacts, selectSearchThreshold } from '@openset/gallery';
import { defaultLimits, type LogOptions, pageFolder } from '@openset/server';
import type { EngineFacts } from '../engine/open-engine.ts';
import { aligned, counted } from '../evaluation/texts.ts';
import { chooseGalleryModel } from '../gallery/gallery-model.ts';
import { placeText } from '../gallery/gallery-place.ts';
import { createStore, openStore, requireStorePlace } from '../gallery/open-gallery.ts';
import type { Decoding } from '../images/image-reading.ts';
import { thresholdRows } from '../model/threshold-rows.ts';
import type { CommandResult, Output } from '../output.ts';
import type { RecognizerOptions } from '../recognizer/open-recognizer.ts';
import { type RunningService, startService } from '../service/start-service.ts';

/** Options of `openset serve`. */
export interface ServeOptions
  extends Omit<RecognizerOptions, 'model' | 'limits' | 'batch' | 'decoding' | 'timeout'>,
    Pick<Decoding, 'failOn' | 'maxPixels'> {
  /** Default: that of the gallery, else as `chooseModel`. */
  readonly model?: string | undefined;
  /** Gallery file or address; created if there is none. */
  readonly gallery?: string | undefined;
  readonly host: string;
  readonly port: number;
  /** Path of a file of API keys. */
  readonly keys?: string | undefined;
  readonly maxFaces?: number | undefined;
  /** Number of images that wait for a worker. */
  readonly queue?: number | undefined;
  /** Megabytes (2^20 bytes) of an image. */
  readonly maxImage?: number | undefined;
  /** Requests of a key in a minute. */
  readonly rate?: number | undefined;
  /** Whether `/` shows the page; default true. */
  readonly page?: boolean | undefined;
  /** Level of the log on standard output. */
  readonly log?: LogOptions['level'];
  /** Aborted to stop. */
  readonly signal: AbortSignal;
}

/** Result of `openset serve`. */
export interface ServeResult {
  readonly address: string;
  readonly model: string;
  /** What computed the embeddings. */
  readonly engine: EngineFacts;
  readonly gallery: string;
}

/**
 * Serves a gallery over HTTP until the signal is aborted. Notes the address, the model, the gallery and the threshold when it listens.
 * Requests that run are answered before it ends.
 * @throws OpenSetError for a model, a gallery, keys or an address that cannot be used
 */
export async function serve(options: ServeOptions, output: Output): Promise<CommandResult<ServeResult>> {
  const {
    signal,
    host,
    port,
    keys,
    log,
    page = true,
    failOn,
    maxPixels: pixels,
    maxFaces: faces,
    queue,
  } = options;
  const place = await requireStorePlace(options.gallery);
  const where = placeText(place);
  const existing = await openStore(place);
  const model = await chooseGalleryModel(options.model, where, existing?.facts ?? null, output).catch(
    async (error) => {
      await existing?.close();
      throw error;
    },
  );
  const service = await startService({
    ...options,
    model,
    openGallery: async (facts: FixedFacts) => existing ?? createStore(place, facts),
    limits: { pixels, faces, queue },
    decoding: { failOn },
    requestLimits: {
      ...(options.maxImage !== undefined && bodyLimits(options.maxImage)),
      ...(options.rate !== undefined && { requestsPerMinute: options.rate }),
    },
    ...{ host, port, keys, page: page ? pageFolder : null, log: log ? { level: log } : null },
  });
  try {
    for (const line of service.recognizer.notes) output.note(line);
    output.note(await startText(service, model, where, options));
    if (!signal.aborted) await once(signal, 'abort');
    output.note('stopping: requests that run are answered first; a second signal ends at once');
  } finally {
    await service.close();
  }
  return {
    data: { address: service.address, model, engine: service.recognizer.engine, gallery: where },
    text: 'stopped',
  };
}

/** Returns the limits for images of some size: a body holds two of them, or one as base64. */
function bodyLimits(megabytes: number) {
  const imageBytes = Math.floor(megabytes * 2 ** 20);
  const bodyBytes = 2 * imageBytes + 2 ** 16;
  return { imageBytes, bodyBytes, bufferedBytes: Math.max(defaultLimits.bufferedBytes, bodyBytes) };
}

async function startText(
  { address, recognizer, gallery, keyCount }: RunningService,
  model: string,
  where: string,
  { keys }: ServeOptions,
): Promise<string> {
  const { people } = await gallery.count();
  const deciding = selectSearchThreshold(recognizer.model, gallery.facts, people);
  const access =
    keyCount === null
      ? "none: only this machine is answered. 'openset keys create NAME' makes one, --keys uses it"
      : keyCount === 0
        ? `none in ${keys} yet: every request is refused. 'openset keys create NAME' makes one`
        : `${counted(keyCount, 'key')} in ${keys}`;
  return aligned([
    ['model', model],
    ['gallery', `${where}, ${counted(people, 'person', 'people')}`],
    ...thresholdRows(deciding),
    ['API keys', access],
    ['listening', address],
  ]);
}
