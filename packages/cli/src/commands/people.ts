import type { EmbeddingEntry, Person } from '@openset/gallery';
import { aligned, counted } from '../evaluation/texts.ts';
import { allPeople, requirePerson } from '../gallery/find-person.ts';
import { openExistingStore } from '../gallery/open-gallery.ts';
import type { CommandResult } from '../output.ts';

/** Options of every `openset people`. */
export interface PeopleOptions {
  /** File or address of the gallery; default: `defaultGallery`. */
  readonly gallery?: string | undefined;
}

/** Result of `openset people`. */
export interface PeopleResult {
  /** Path of the gallery, or its address without the password. */
  readonly gallery: string;
  /** In the order of their names. */
  readonly people: readonly Person[];
}

/** Lists the people of a gallery. @throws OpenSetError for a gallery that cannot be used */
export async function people(options: PeopleOptions): Promise<CommandResult<PeopleResult>> {
  const { gallery, where } = await openExistingStore(options.gallery, { readOnly: true });
  try {
    const found: Person[] = [];
    for await (const person of allPeople(gallery)) found.push(person);
    return {
      data: { gallery: where, people: found },
      text: found.length > 0 ? table(found.map(personColumns)) : `There is nobody in ${where}.`,
    };
  } finally {
    await gallery.close();
  }
}

/** Options of `openset people show`. */
export interface ShowPersonOptions extends PeopleOptions {
  readonly name: string;
}

/** Result of `openset people show`. */
export interface ShowPersonResult extends Person {
  /** Path of the gallery, or its address without the password. */
  readonly gallery: string;
  /** In the order of enrollment. */
  readonly photos: readonly EmbeddingEntry[];
}

/** Shows a person with the photos. @throws DataError if there is nobody of that name */
export async function showPerson(options: ShowPersonOptions): Promise<CommandResult<ShowPersonResult>> {
  const { gallery, where } = await openExistingStore(options.gallery, { readOnly: true });
  try {
    const person = await requirePerson(gallery, { name: options.name });
    const embeddings = (await gallery.embeddings(person.id)) ?? [];
    const photos = embeddings.map(({ id, source, model, enrolledAt }) => ({ id, source, model, enrolledAt }));
    const hasMetadata = Object.keys(person.metadata).length > 0;
    return {
      data: { gallery: where, ...person, photos },
      text: aligned([
        ['name', person.name],
        ['id', person.id],
        ['since', dayText(person.enrolledAt)],
        ...(hasMetadata ? [['metadata', JSON.stringify(person.metadata)] as [string, string]] : []),
        ...photos.map((photo): [string, string] => [
          'photo',
          `${photo.id}  ${dayText(photo.enrolledAt)}  ${photo.source ?? 'of unknown origin'}`,
        ]),
      ]),
    };
  } finally {
    await gallery.close();
  }
}

/** Options of `openset people rename`. */
export interface RenamePersonOptions extends PeopleOptions {
  readonly name: string;
  readonly newName: string;
}

/** Result of `openset people rename`: the person with the new name. */
export interface RenamePersonResult extends Person {
  /** Path of the gallery, or its address without the password. */
  readonly gallery: string;
}

/**
 * Changes the name of a person.
 * @throws DataError if there is nobody of that name, or for a new name that a gallery cannot keep; ConflictError if somebody has it
 */
export async function renamePerson(options: RenamePersonOptions): Promise<CommandResult<RenamePersonResult>> {
  const { gallery, where } = await openExistingStore(options.gallery);
  try {
    const { id, name } = await requirePerson(gallery, { name: options.name });
    const person =
      (await gallery.update(id, { name: options.newName })) ?? (await requirePerson(gallery, { id }));
    return { data: { gallery: where, ...person }, text: `${name} is now ${person.name}` };
  } finally {
    await gallery.close();
  }
}

function personColumns({ name, embeddingCount, enrolledAt, id }: Person): string[] {
  return [name, counted(embeddingCount, 'photo'), dayText(enrolledAt), id];
}

/** Returns the day of a time in ISO 8601. */
function dayText(time: string): string {
  return time.slice(0, 'YYYY-MM-DD'.length);
}

/** Aligns columns to the left. */
function table(rows: readonly (readonly string[])[]): string {
  const widths = rows[0]!.map((_, column) => Math.max(...rows.map((row) => row[column]!.length)));
  return rows
    .map((row) =>
      row
        .map((text, column) => text.padEnd(widths[column]!))
        .join('  ')
        .trimEnd(),
    )
    .join('\n');
}
