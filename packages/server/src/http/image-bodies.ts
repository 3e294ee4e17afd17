import { type TSchema, Type } from 'typebox';
import { ApiError } from './api-error.ts';
import type { UploadedFile } from './read-form.ts';
import { closed } from './schemas.ts';

/** An image in a body: a file of a form, or base64 in JSON. */
export type ImageValue = string | UploadedFile;

const formats = 'A JPEG, PNG, WebP, AVIF, GIF, TIFF or BMP file';
/** `isFile` is a keyword of our validator; in the OpenAPI document it becomes `format: binary`. */
const fileSchema = Type.Unsafe<ImageValue>({ isFile: true, description: `${formats}.` });
const base64Schema = Type.Unsafe<ImageValue>({
  type: 'string',
  minLength: 1,
  contentEncoding: 'base64',
  description: `${formats} as base64, with or without \`data:…;base64,\` before it.`,
});

/** Schema of the option that takes crops as they are. */
export const Align = Type.Optional(
  Type.Boolean({
    description:
      'False for images that are crops already: they are taken whole. Default: faces are found if the model needs crops.',
  }),
);

/**
 * Returns the schemas of a body with images, as JSON and as a form.
 * @param properties from the schema of an image to the properties of the body
 */
export function imageBody(properties: (image: typeof fileSchema) => Record<string, TSchema>) {
  return {
    content: {
      'multipart/form-data': { schema: closed(properties(fileSchema)) },
      'application/json': { schema: closed(properties(base64Schema)) },
    },
  };
}

/**
 * Returns the bytes of an image of a body, which nothing else uses.
 * @param place name of the field, for messages
 * @param maximum bytes that an image may have
 * @throws ApiError if the text is not base64, or the image is empty or too large
 */
export function readImage(value: ImageValue, place: string, maximum: number): UploadedFile {
  if (typeof value !== 'string') {
    if (value.bytes.length > 0) return { ...value, bytes: ownBytes(value.bytes) };
    throw new ApiError(422, 'not-an-image', `The file '${place}' is empty.`);
  }
  const start = /^data:[^,]{0,100};base64,/.exec(value)?.[0].length ?? 0;
  const text = start === 0 ? value : value.slice(start);
  const bytes = Buffer.from(text, 'base64');
  // The decoder skips characters that are not base64.
  const padding = text.endsWith('==') ? 2 : text.endsWith('=') ? 1 : 0;
  const digits = text.length - padding;
  if (bytes.length === 0 || digits % 4 === 1 || bytes.length !== Math.floor((digits * 3) / 4)) {
    throw new ApiError(400, 'invalid-request', `'${place}' is not base64.`);
  }
  if (bytes.length > maximum) {
    throw new ApiError(
      413,
      'too-large',
      `An image may have ${maximum} bytes, but '${place}' has ${bytes.length}.`,
    );
  }
  return { bytes: ownBytes(bytes), name: null };
}

/** Returns bytes with a buffer of their own, which can move to another thread. Node keeps small ones in a common buffer. */
function ownBytes(bytes: Uint8Array): Uint8Array {
  return bytes.byteLength === bytes.buffer.byteLength ? bytes : Uint8Array.from(bytes);
}
