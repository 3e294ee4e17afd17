// @ts-check
/** @import { Person, PhotosAnswer } from './api.js' */
import { problemOf, request } from './api.js';
import { confirmAction } from './dialogs.js';
import { announce, button, create } from './dom.js';
import { dateText } from './texts.js';

/**
 * Lists what the service keeps of the photos of a person.
 * @param {Person} person
 * @param {() => Promise<void>} onRemoved
 * @returns {Promise<Node[]>}
 */
export async function photosOf({ id, name }, onRemoved) {
  const path = `people/${encodeURIComponent(id)}/photos`;
  /** @type {PhotosAnswer['photos']} */
  let photos;
  try {
    ({ photos } = /** @type {PhotosAnswer} */ (await request('GET', path)));
  } catch (error) {
    return [create('p', { class: 'problem', role: 'alert' }, problemOf(error))];
  }
  if (photos.length === 0) {
    return [create('p', { class: 'hint' }, `${name} has no photos, so no search finds ${name}.`)];
  }
  return [
    create(
      'ul',
      { 'aria-label': `Photos of ${name}` },
      ...photos.map(({ id: photoId, source, enrolledAt }) => {
        const label = source ?? 'photo without a name';
        const line = create('li', {}, create('span', {}, `${label}, ${dateText(enrolledAt)} `));
        const remove = async () => {
          const isConfirmed = await confirmAction({
            title: `Remove ${label}?`,
            text: `${name} is then searched for without this photo. It cannot be undone.`,
            action: 'Remove',
          });
          if (!isConfirmed) return;
          try {
            await request('DELETE', `${path}/${encodeURIComponent(photoId)}`);
          } catch (error) {
            line.append(create('p', { class: 'problem', role: 'alert' }, problemOf(error)));
            return;
          }
          await onRemoved();
          announce(`${label} of ${name} is removed`);
        };
        line.append(button('Remove', remove, { 'aria-label': `Remove ${label} of ${name}` }));
        return line;
      }),
    ),
  ];
}
