import { StoreError } from '@openset/gallery';

/**
 * Returns an error of IndexedDB as one that says what to do. Other errors, and those that only a bug causes, are returned unchanged.
 * @param name of the gallery
 */
export async function describeStoreError(error: unknown, name: string): Promise<unknown> {
  if (!(error instanceof DOMException)) return error;
  const options = { cause: error };
  switch (error.name) {
    case 'QuotaExceededError':
      return new StoreError(
        `The storage that the browser grants this page is full${await describeUse()}. The gallery '${name}' was not changed: free space on ` +
          'this device or remove people, and try again.',
        options,
      );
    case 'SecurityError':
      return new StoreError(
        `The browser does not let this page store data (${error.message}), so it cannot open the gallery '${name}': allow cookies and ` +
          'site data, or use a MemoryGallery.',
        options,
      );
    case 'AbortError':
    case 'InvalidStateError':
    case 'NotReadableError':
    case 'TimeoutError':
    case 'UnknownError':
      return new StoreError(
        `The browser cannot read or write the gallery '${name}' (${error.message}). Nothing was changed: check the space on the disk, ` +
          'leave the private mode of the browser, or open the page again.',
        options,
      );
    default:
      return error;
  }
}

/** Returns how much space this page uses; an empty text if the browser does not tell. Its `quota` is often not the real one. */
async function describeUse(): Promise<string> {
  try {
    const { usage } = await navigator.storage.estimate();
    return usage === undefined ? '' : `; the page uses ${(usage / 1e6).toFixed(1)} MB`;
  } catch {
    return '';
  }
}
