import { type ExportHeader, encodeValues, exportFormat, exportVersion } from './export-format.ts';
import type { Gallery, Person, StoredEmbedding } from './gallery.ts';

/** Number of people on a page of the export. */
const peopleAtOnce = 500;

/**
 * Yields a gallery as JSON lines, without line breaks. The first line has the format, its version and the facts of the gallery; then
 * each person has a line with everything that the gallery keeps of them. Values of embeddings are base64 of little-endian float32, so
 * `importGallery` restores them bit for bit. The last line has the number of people, so that a truncated file is noticed.
 *
 * People who are added or removed meanwhile may be in it or not; each line is complete.
 */
export async function* exportGallery(gallery: Gallery): AsyncGenerator<string, void, undefined> {
  // Reads the threshold, which others can change.
  await gallery.count();
  const { model, embeddingSize, crop, comparison, createdAt, operatingPoint } = gallery.facts;
  const header: ExportHeader = {
    ...{ format: exportFormat, version: exportVersion },
    ...{ model, embeddingSize, crop, comparison, createdAt, operatingPoint },
  };
  yield JSON.stringify(header);
  let exported = 0;
  let after: string | undefined;
  do {
    const page = await gallery.people({ after, limit: peopleAtOnce });
    for (const person of page.people) {
      const embeddings = await gallery.embeddings(person.id);
      // Removed since the page was read.
      if (!embeddings) continue;
      yield personLine(person, embeddings);
      exported++;
    }
    after = page.next ?? undefined;
  } while (after !== undefined);
  yield JSON.stringify({ end: true, people: exported });
}

function personLine(
  { id, name, metadata, enrolledAt }: Person,
  embeddings: readonly StoredEmbedding[],
): string {
  const encoded = embeddings.map(({ values, ...entry }) => ({ ...entry, values: encodeValues(values) }));
  return JSON.stringify({ id, name, metadata, enrolledAt, embeddings: encoded });
}
