// @ts-check
/** @import { PeopleAnswer, Person } from './api.js' */
import { problemOf, request } from './api.js';
import { askForName, confirmAction } from './dialogs.js';
import { announce, button, create, find } from './dom.js';
import { photosOf } from './person-photos.js';
import { showLatest } from './show-latest.js';
import { counted, dateText } from './texts.js';

/** People on a page of the list. */
const pageSize = 10;

/**
 * Starts the list of people.
 * @param {{ onChanged: () => void, addPhotos: (name: string) => void }} events
 * @returns {{ show: () => Promise<void> }} `show` reads the page of the list again
 */
export function startPeople({ onChanged, addPhotos }) {
  const list = find('people-list');
  const before = find('people-before', HTMLButtonElement);
  const next = find('people-next', HTMLButtonElement);
  /** `after` of the pages up to this one. @type {(string | null)[]} */
  let places = [null];
  /** @type {string | null} */
  let following = null;

  /** @type {() => Promise<void>} */
  const show = showLatest(
    async () => {
      const after = places.at(-1) ?? null;
      const query = new URLSearchParams({ limit: String(pageSize), ...(after !== null && { after }) });
      return /** @type {PeopleAnswer} */ (await request('GET', `people?${query}`));
    },
    (page) => {
      if (page.people.length === 0 && places.length > 1) {
        places.pop();
        return show();
      }
      showLines(page.people.map(personLine), page.next);
    },
    (text) => showLines([create('li', { class: 'problem' }, text)], null),
  );
  /**
   * @param {Node[]} lines
   * @param {string | null} after name after which the next page begins; null if there is none
   */
  const showLines = (lines, after) => {
    following = after;
    list.replaceChildren(...lines);
    before.disabled = places.length === 1;
    next.disabled = following === null;
    find('people-pages').hidden = before.disabled && next.disabled;
  };
  /** @param {(string | null)[]} target */
  const go = async (target) => {
    places = target;
    await show();
    find('people-title').focus();
    announce(`Page ${places.length} of the people`);
  };
  before.addEventListener('click', () => go(places.slice(0, -1)));
  next.addEventListener('click', () => go([...places, following]));

  const changed = async () => {
    await show();
    onChanged();
  };

  /** @param {Person} person */
  const rename = async ({ id, name }) => {
    const isChanged = await askForName(name, async (wanted) => {
      try {
        await request('PATCH', `people/${encodeURIComponent(id)}`, { body: { name: wanted } });
        return null;
      } catch (error) {
        return problemOf(error);
      }
    });
    if (!isChanged) return;
    await changed();
    announce('Renamed');
  };

  /** @param {Person} person */
  const remove = async ({ id, name, photoCount }) => {
    const isConfirmed = await confirmAction({
      title: `Delete ${name}?`,
      text: `This removes ${name} with ${counted(photoCount, 'embedding')}. It cannot be undone.`,
      action: 'Delete',
    });
    if (!isConfirmed) return;
    try {
      await request('DELETE', `people/${encodeURIComponent(id)}`);
    } catch (error) {
      announce(problemOf(error));
      list
        .querySelector(`[data-person="${CSS.escape(id)}"]`)
        ?.append(create('p', { class: 'problem' }, problemOf(error)));
      return;
    }
    await changed();
    find('people-title').focus();
    announce(`${name} is deleted`);
  };

  /** @param {Person} person */
  const personLine = (person) => {
    const { id, name, photoCount, enrolledAt } = person;
    const photos = create('div', { class: 'photos', hidden: true, id: `photos-${id}` });
    const toggle = button('Photos', () => showPhotos(), {
      'aria-expanded': 'false',
      'aria-controls': `photos-${id}`,
      'aria-label': `Photos of ${name}`,
    });
    const showPhotos = async () => {
      photos.hidden = !photos.hidden;
      toggle.setAttribute('aria-expanded', String(!photos.hidden));
      if (!photos.hidden) photos.replaceChildren(...(await photosOf(person, changed)));
    };
    return create(
      'li',
      { 'data-person': id },
      create(
        'div',
        { class: 'person' },
        create('strong', {}, name),
        create('span', { class: 'hint' }, `${counted(photoCount, 'photo')}, since ${dateText(enrolledAt)}`),
      ),
      create(
        'div',
        { class: 'buttons' },
        toggle,
        button('Add photos', () => addPhotos(name), { 'aria-label': `Add photos to ${name}` }),
        button('Rename', () => rename(person), { 'aria-label': `Rename ${name}` }),
        button('Delete', () => remove(person), { 'aria-label': `Delete ${name}`, class: 'danger' }),
      ),
      photos,
    );
  };
  return { show };
}
