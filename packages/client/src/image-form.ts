import type { Image } from './types.ts';

/**
 * Returns a form with images and options.
 * @param fields options without a value are left out; objects become JSON; lists become one part each
 */
export function imageForm(
  fields: Readonly<Record<string, Image | readonly Image[] | string | number | boolean | object | undefined>>,
): FormData {
  const form = new FormData();
  for (const [name, value] of Object.entries(fields)) {
    if (value === undefined) continue;
    for (const part of Array.isArray(value) ? value : [value]) append(form, name, part);
  }
  return form;
}

function append(form: FormData, name: string, value: unknown): void {
  if (value instanceof Blob) form.append(name, value);
  else if (value instanceof ArrayBuffer || ArrayBuffer.isView(value)) {
    form.append(name, new Blob([value as Uint8Array<ArrayBuffer>]));
  } else form.append(name, typeof value === 'object' ? JSON.stringify(value) : String(value));
}
