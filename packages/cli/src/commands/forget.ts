import { ConfigError, DataError } from '@openset/core';
import type { Person, PersonKey } from '@openset/gallery';
import { aligned, counted } from '../evaluation/texts.ts';
import { exitCodes } from '../exit-codes.ts';
import { nobodyText } from '../gallery/find-person.ts';
import { openExistingStore } from '../gallery/open-gallery.ts';
import type { CommandResult } from '../output.ts';

/** Options of `openset forget`. */
export interface ForgetOptions {
  /** Name of the person; excludes `id`. */
  readonly name?: string | undefined;
  /** Identifier of the person. */
  readonly id?: string | undefined;
  /** Identifier of a photo of the person: only that is removed. */
  readonly photo?: string | undefined;
  /** File or address of the gallery; default: `defaultGallery`. */
  readonly gallery?: string | undefined;
  /** Whether the space of removed people is returned to the system. */
  readonly compact?: boolean | undefined;
  /** Asks before anything is removed; default: nobody is asked. */
  readonly confirm?: ((question: string) => Promise<boolean>) | undefined;
}

/** Result of `openset forget`. */
export interface ForgetResult {
  /** Path of the gallery, or its address without the password. */
  readonly gallery: string;
  /** Whether something was removed. */
  readonly removed: boolean;
  /** The person who was found, as before the removal; null if there is nobody. */
  readonly person: Person | null;
  /** Number of photos that were removed. */
  readonly photos: number;
}

/**
 * Removes a person with all photos from a gallery, or one photo of a person. Nothing of them stays.
 * @returns exit code 1 if there is no such person or photo, or if the answer was no
 * @throws OpenSetError for a gallery that cannot be used
 */
export async function forget(options: ForgetOptions): Promise<CommandResult<ForgetResult>> {
  const key = personKey(options);
  const { gallery, where } = await openExistingStore(options.gallery);
  try {
    const person = await gallery.find(key);
    const nothing = (text: string) => ({
      data: { gallery: where, removed: false, person, photos: 0 },
      text,
      exitCode: exitCodes.no,
    });
    if (!person) return nothing(await nobodyText(gallery, key));
    const { photo, compact, confirm } = options;
    const what = photo === undefined ? personText(person) : `the photo ${photo} of ${person.name}`;
    if (photo !== undefined) {
      const photos = (await gallery.embeddings(person.id)) ?? [];
      if (!photos.some(({ id }) => id === photo)) {
        return nothing(
          `${person.name} has no photo '${photo}'. 'openset people show ${quoted(person.name)}' lists them.`,
        );
      }
    }
    if (confirm && !(await confirm(`Remove ${what} from ${where} for ever?`)))
      return nothing('nothing removed');
    const removed =
      photo === undefined ? await gallery.remove(person.id) : await gallery.removeEmbedding(person.id, photo);
    // Another process was faster.
    if (!removed) return nothing(await nobodyText(gallery, key));
    if (compact) await gallery.compact();
    const count = await gallery.count();
    const left = `${counted(count.people, 'person', 'people')}, ${counted(count.embeddings, 'photo')}`;
    return {
      data: {
        ...{ gallery: where, removed, person },
        photos: photo === undefined ? person.embeddingCount : 1,
      },
      text: aligned([
        ['removed', what],
        ['gallery', `${where}: ${left}`],
      ]),
    };
  } finally {
    await gallery.close();
  }
}

function personKey({ name, id }: ForgetOptions): PersonKey {
  if (name !== undefined && id !== undefined) throw new ConfigError('Give a name or --id, not both.');
  if (id !== undefined) return { id };
  if (name === undefined) throw new ConfigError("Nobody to forget: give a name, as in 'openset forget Ada'.");
  if (name.trim() === '') throw new DataError('The name of the person to forget is empty.');
  return { name };
}

function personText({ name, embeddingCount }: Person): string {
  return `${name}, ${counted(embeddingCount, 'photo')}`;
}

/** Returns a name as shells need it. */
function quoted(name: string): string {
  return /^[\p{L}\p{N}_.-]+$/u.test(name) ? name : `'${name.replaceAll("'", "'\\''")}'`;
}
