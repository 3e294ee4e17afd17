import { DataError, didYouMean } from '@openset/core';
import type { Gallery, Person, PersonKey } from '@openset/gallery';

/** Number of people of a page that is read at a time. */
const pageSize = 1000;

/** Lists all people of a gallery by name. */
export async function* allPeople(gallery: Gallery): AsyncGenerator<Person> {
  let after: string | undefined;
  do {
    const { people, next } = await gallery.people({ after, limit: pageSize });
    yield* people;
    after = next ?? undefined;
  } while (after !== undefined);
}

/** Says that nobody has a name or an identifier, and names a person whose name is nearly that. */
export async function nobodyText(gallery: Gallery, key: PersonKey): Promise<string> {
  if ('id' in key) return `There is nobody with the identifier '${key.id}' in the gallery.`;
  const names: string[] = [];
  for await (const { name } of allPeople(gallery)) names.push(name);
  return `There is nobody named '${key.name}' in the gallery.${didYouMean(key.name, names)}`;
}

/** Returns a person. @throws DataError that suggests a name if there is none */
export async function requirePerson(gallery: Gallery, key: PersonKey): Promise<Person> {
  const person = await gallery.find(key);
  if (person) return person;
  throw new DataError(await nobodyText(gallery, key));
}
