import type { FastifyRequest } from 'fastify';
import { ApiError } from './api-error.ts';

/** An uploaded file. */
export interface UploadedFile {
  readonly bytes: Uint8Array;
  /** Name that the client gave it; null without one. */
  readonly name: string | null;
}

/** Name that `FormData` gives to bytes without a name. */
const nameOfBlobs = 'blob';

/** Properties of an object schema. */
type Properties = Readonly<Record<string, { readonly type?: unknown; readonly isFile?: boolean }>>;

/**
 * Reads a multipart body. Texts of fields become the types of the schema, and a list of one file is a list.
 * @param schema schema of the body, an object
 * @param maximum bytes of all parts together
 * @throws ApiError if the body is damaged or too large; FastifyError beyond a limit of the plugin
 */
export async function readForm(
  request: FastifyRequest,
  schema: unknown,
  maximum: number,
): Promise<Record<string, unknown>> {
  const values = new Map<string, (string | UploadedFile | object)[]>();
  let total = 0;
  for await (const part of partsOf(request)) {
    let value: string | UploadedFile | object;
    if (part.type === 'file') {
      const bytes = await part.toBuffer().catch((error) => Promise.reject(damagedForm(error)));
      total += bytes.length;
      value = { bytes, name: part.filename && part.filename !== nameOfBlobs ? part.filename : null };
    } else {
      if (part.valueTruncated || part.fieldnameTruncated)
        throw new ApiError(413, 'too-large', 'A field of the form is too long.');
      value = part.value as string | object;
      total += String(value).length;
    }
    if (total > maximum) throw new ApiError(413, 'too-large', `A body may have ${maximum} bytes.`);
    values.set(part.fieldname, [...(values.get(part.fieldname) ?? []), value]);
  }
  return typedValues(values, (schema as { properties: Properties }).properties);
}

async function* partsOf(request: FastifyRequest) {
  const parts = request.parts();
  while (true) {
    const { done, value } = await parts.next().catch((error) => Promise.reject(damagedForm(error)));
    if (done) return;
    yield value;
  }
}

/** Returns an error of the client for what the parser of forms throws. */
function damagedForm(error: unknown): unknown {
  const status = (error as { statusCode?: unknown }).statusCode;
  if (status === 413) return error;
  return new ApiError(400, 'invalid-request', 'The multipart body is damaged, or ends early.');
}

/** Returns the texts of a query or a form as the types of a schema's properties. What does not fit stays text, which the schema refuses. */
export function typedValues(
  values: ReadonlyMap<string, readonly unknown[]>,
  properties: Properties,
): Record<string, unknown> {
  const typed: [string, unknown][] = [];
  for (const [name, all] of values) {
    const type = Object.hasOwn(properties, name) ? properties[name]!.type : undefined;
    const list = all.map((value) => (typeof value === 'string' ? typedText(value, type) : value));
    typed.push([name, type === 'array' || list.length > 1 ? list : list[0]]);
  }
  return Object.fromEntries(typed);
}

function typedText(text: string, type: unknown): unknown {
  if (type === 'number' || type === 'integer') return /^-?\d+(\.\d+)?$/.test(text) ? Number(text) : text;
  if (type === 'boolean') return text === 'true' ? true : text === 'false' ? false : text;
  if (type !== 'object') return text;
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
}
