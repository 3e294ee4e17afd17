import createFetchClient, { type Client } from 'openapi-fetch';
import { imageForm } from './image-form.ts';
import type { paths } from './schema.ts';
import { retryAfterOf, ServiceError } from './service-error.ts';
import type {
  CallOptions,
  Embeddings,
  EmbedOptions,
  Enrollment,
  EnrollOptions,
  Identification,
  IdentifyOptions,
  Image,
  Model,
  OperatingPoints,
  PeoplePage,
  Person,
  Photo,
  PhotoOptions,
  Question,
  SearchThreshold,
  Verification,
  VerifyOptions,
} from './types.ts';

/** Options of a client. */
export interface ClientOptions {
  /** Address of the service, such as `http://localhost:8080`. */
  readonly url: string;
  /** API key; default none. */
  readonly key?: string | undefined;
  /** How often a call is repeated that the service answers with 503 because it is busy; default 3. It waits as long as the service asks. */
  readonly retries?: number | undefined;
  /** Most seconds to wait before a repetition; default 30. */
  readonly longestWait?: number | undefined;
  /** Default: the global `fetch`. */
  readonly fetch?: ((request: Request) => Promise<Response>) | undefined;
}

/** Answer of `openapi-fetch`. */
interface Answer<T> {
  readonly data?: T;
  readonly error?: unknown;
  readonly response: Response;
}

/**
 * A client of the openset service, for Node and browsers. Calls reject with a `ServiceError` for an answer that is no success, and with the
 * error of `fetch` if there is no answer.
 *
 * @example
 * ```ts no-run
 * import { OpensetClient } from '@openset/client';
 *
 * declare const photo: File; // of an input of the page
 * const client = new OpensetClient({ url: 'http://localhost:8080', key: 'secret' });
 * const { faces } = await client.identify(photo);
 * console.log(faces.map(({ person }) => person?.name ?? 'unknown'));
 * ```
 */
export class OpensetClient {
  readonly #client: Client<paths>;
  readonly #retries: number;
  readonly #longestWait: number;

  constructor({ url, key, retries = 3, longestWait = 30, fetch }: ClientOptions) {
    this.#client = createFetchClient<paths>({
      baseUrl: url.replace(/\/+$/, ''),
      ...(fetch && { fetch }),
      ...(key !== undefined && { headers: { authorization: `Bearer ${key}` } }),
    });
    this.#retries = retries;
    this.#longestWait = longestWait;
  }

  /** Compares the largest faces of two images. */
  verify(first: Image, second: Image, { signal, ...options }: VerifyOptions = {}): Promise<Verification> {
    return this.#call(signal, () =>
      this.#client.POST('/v1/verify', { ...formBody({ first, second, ...options }), ...withSignal(signal) }),
    );
  }

  /** Finds the person of each face of an image. */
  identify(image: Image, { signal, ...options }: IdentifyOptions = {}): Promise<Identification> {
    return this.#call(signal, () =>
      this.#client.POST('/v1/identify', { ...formBody({ image, ...options }), ...withSignal(signal) }),
    );
  }

  /** Returns the embeddings of the faces of an image. */
  embed(image: Image, { signal, ...options }: EmbedOptions = {}): Promise<Embeddings> {
    return this.#call(signal, () =>
      this.#client.POST('/v1/embed', { ...formBody({ image, ...options }), ...withSignal(signal) }),
    );
  }

  /** Enrolls a person, or adds photos to the person of that name. Resolves when they are stored. */
  enroll(
    name: string,
    images: readonly Image[],
    { signal, ...options }: EnrollOptions = {},
  ): Promise<Enrollment> {
    return this.#call(signal, () =>
      this.#client.POST('/v1/people', { ...formBody({ name, images, ...options }), ...withSignal(signal) }),
    );
  }

  /** Adds photos to a person. Resolves when they are stored. */
  addPhotos(
    id: string,
    images: readonly Image[],
    { signal, ...options }: PhotoOptions = {},
  ): Promise<Enrollment> {
    return this.#call(signal, () =>
      this.#client.POST('/v1/people/{id}/photos', {
        params: { path: { id } },
        ...formBody({ images, ...options }),
        ...withSignal(signal),
      }),
    );
  }

  /**
   * Returns a page of the list of people, by name.
   * @param options `after`: `next` of the page before; `limit`: from 1 to 1,000, default 100
   */
  peoplePage({
    signal,
    ...query
  }: CallOptions & { readonly after?: string; readonly limit?: number } = {}): Promise<PeoplePage> {
    return this.#call(signal, () =>
      this.#client.GET('/v1/people', { params: { query }, ...withSignal(signal) }),
    );
  }

  /** Iterates over all people, by name. */
  async *people({ signal }: CallOptions = {}): AsyncGenerator<Person, void, undefined> {
    let after: string | null | undefined;
    while (after !== null) {
      const page: PeoplePage = await this.peoplePage({
        ...withSignal(signal),
        ...(after !== undefined && { after }),
      });
      yield* page.people;
      after = page.next;
    }
  }

  /** Returns a person. */
  person(id: string, { signal }: CallOptions = {}): Promise<Person> {
    return this.#call(signal, () =>
      this.#client.GET('/v1/people/{id}', { params: { path: { id } }, ...withSignal(signal) }),
    );
  }

  /** Renames a person, or replaces the metadata. */
  updatePerson(
    id: string,
    changes: { readonly name?: string; readonly metadata?: Record<string, unknown> },
    { signal }: CallOptions = {},
  ): Promise<Person> {
    return this.#call(signal, () =>
      this.#client.PATCH('/v1/people/{id}', {
        params: { path: { id } },
        body: changes,
        ...withSignal(signal),
      }),
    );
  }

  /** Removes a person and everything of them. */
  async removePerson(id: string, { signal }: CallOptions = {}): Promise<void> {
    await this.#call(signal, () =>
      this.#client.DELETE('/v1/people/{id}', { params: { path: { id } }, ...withSignal(signal) }),
    );
  }

  /** Returns the photos of a person, in order of enrollment. */
  async photos(id: string, { signal }: CallOptions = {}): Promise<readonly Photo[]> {
    const { photos } = await this.#call(signal, () =>
      this.#client.GET('/v1/people/{id}/photos', { params: { path: { id } }, ...withSignal(signal) }),
    );
    return photos;
  }

  /** Removes a photo of a person. */
  async removePhoto(id: string, photoId: string, { signal }: CallOptions = {}): Promise<void> {
    await this.#call(signal, () =>
      this.#client.DELETE('/v1/people/{id}/photos/{photoId}', {
        params: { path: { id, photoId } },
        ...withSignal(signal),
      }),
    );
  }

  /** Returns the model, its gallery and the thresholds that decide. */
  model({ signal }: CallOptions = {}): Promise<Model> {
    return this.#call(signal, () => this.#client.GET('/v1/model', withSignal(signal)));
  }

  /** Returns the thresholds to choose from, and what each costs. */
  operatingPoints({ signal }: CallOptions = {}): Promise<OperatingPoints> {
    return this.#call(signal, () => this.#client.GET('/v1/operating-points', withSignal(signal)));
  }

  /** Chooses the threshold of the gallery. Returns the threshold that decides from now on. */
  setOperatingPoint(
    point: { readonly threshold: number; readonly question?: Question | null },
    { signal }: CallOptions = {},
  ): Promise<SearchThreshold> {
    return this.#call(signal, () =>
      this.#client.PUT('/v1/operating-point', { body: point, ...withSignal(signal) }),
    );
  }

  /** Goes back to the threshold of the model. */
  async resetOperatingPoint({ signal }: CallOptions = {}): Promise<void> {
    await this.#call(signal, () => this.#client.DELETE('/v1/operating-point', withSignal(signal)));
  }

  /** Sends a request, and repeats it while the service is busy. @throws ServiceError for an answer that is no success */
  async #call<T>(signal: AbortSignal | undefined, send: () => Promise<Answer<T>>): Promise<T> {
    for (let attempt = 0; ; attempt++) {
      const { data, error, response } = await send();
      if (response.ok) return data as T;
      if (response.status !== 503 || attempt >= this.#retries) throw new ServiceError(response, error);
      await wait(Math.min(retryAfterOf(response) ?? 1, this.#longestWait), signal);
    }
  }
}

/** Returns the options of `openapi-fetch` for a form. Its types describe the parts, not the form. */
function formBody(fields: Parameters<typeof imageForm>[0]) {
  return { body: imageForm(fields) as never };
}

function withSignal(signal: AbortSignal | undefined): { signal?: AbortSignal } {
  return signal ? { signal } : {};
}

async function wait(seconds: number, signal: AbortSignal | undefined): Promise<void> {
  signal?.throwIfAborted();
  await new Promise<void>((resolve, reject) => {
    const timer = setTimeout(() => {
      signal?.removeEventListener('abort', stop);
      resolve();
    }, 1000 * seconds);
    const stop = () => {
      clearTimeout(timer);
      reject(signal!.reason);
    };
    signal?.addEventListener('abort', stop, { once: true });
  });
}
