import { DataError } from '@openset/core';
import { type FixedFacts, type Gallery, MissingGalleryError, requireSameFacts } from '@openset/gallery';
import { openIndexedDbGallery } from '@openset/gallery-indexeddb';

const databaseName = 'openset-browser-faces';

/** The people that this browser keeps were enrolled with another network. */
export class OtherNetworkError extends DataError {}

/**
 * Opens the gallery that this browser keeps, and creates it if there is none.
 * @throws OtherNetworkError if it was made with another network; StoreError or DataError if the browser does not let the page use it
 */
export async function openStoredGallery(facts: FixedFacts): Promise<Gallery> {
  const gallery = await openIndexedDbGallery(databaseName).catch((error) => {
    if (error instanceof MissingGalleryError) return openIndexedDbGallery(databaseName, { create: facts });
    throw error;
  });
  try {
    requireSameFacts('of this browser', gallery.facts, facts);
    return gallery;
  } catch (error) {
    const { people } = await gallery.count();
    await gallery.close();
    throw new OtherNetworkError(
      `This browser keeps ${people} ${people === 1 ? 'person' : 'people'} that another version of the network has seen, and faces of two ` +
        'versions cannot be compared. Forget them and enroll again; until then, new people are kept only while the page is open.',
      { cause: error },
    );
  }
}

/** Deletes the gallery that this browser keeps. */
export function deleteStoredGallery(): Promise<void> {
  return new Promise((resolve, reject) => {
    const request = indexedDB.deleteDatabase(databaseName);
    request.onsuccess = () => resolve();
    request.onerror = () => reject(request.error);
    request.onblocked = () => reject(new Error('Another tab shows this page. Close it, and try again.'));
  });
}
