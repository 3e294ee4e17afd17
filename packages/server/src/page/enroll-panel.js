// @ts-check
/** @import { EnrollAnswer } from './api.js' */
import { problemOf, request, ServiceError } from './api.js';
import { takePhoto } from './camera.js';
import { announce, button, create, find, showProblem } from './dom.js';
import { onChoose, onDrop } from './photo-input.js';
import { counted, sentence } from './texts.js';

/** @typedef {{ file: File, address: string }} ChosenPhoto */

/**
 * Starts the form that enrolls people.
 * @param {{ onEnrolled: () => void }} events
 * @returns {{ addPhoto: (photo: File) => void, addTo: (name: string) => void }} `addPhoto` puts a photo into the form, `addTo` a name;
 *   both move the focus there
 */
export function startEnrolling({ onEnrolled }) {
  const form = find('enroll-form', HTMLFormElement);
  const name = find('enroll-name', HTMLInputElement);
  const largest = find('enroll-largest', HTMLInputElement);
  const list = find('enroll-photos');
  const problem = find('enroll-problem');
  const result = find('enroll-result');
  const submit = /** @type {HTMLButtonElement} */ (form.querySelector('[type=submit]'));
  /** @type {ChosenPhoto[]} */
  let photos = [];

  /** @param {ChosenPhoto[]} chosen */
  const setPhotos = (chosen) => {
    for (const photo of photos) if (!chosen.includes(photo)) URL.revokeObjectURL(photo.address);
    photos = chosen;
    list.replaceChildren(...photos.map(thumbnail));
  };
  /** @param {File[]} files */
  const add = (files) => {
    setPhotos([...photos, ...files.map((file) => ({ file, address: URL.createObjectURL(file) }))]);
    showProblem(problem, null);
    announce(`${counted(photos.length, 'photo')} to enroll`);
  };
  /** @param {ChosenPhoto} photo */
  const thumbnail = (photo) => {
    const remove = () => {
      setPhotos(photos.filter((other) => other !== photo));
      announce(`${photo.file.name} removed`);
      find('enroll-files').focus();
    };
    return create(
      'li',
      {},
      create('img', { src: photo.address, alt: photo.file.name }),
      button('×', remove, { 'aria-label': `Do not enroll ${photo.file.name}` }),
    );
  };

  /**
   * @param {string} text
   * @param {HTMLElement} place
   */
  const refuse = (text, place) => {
    showProblem(problem, text);
    announce(text);
    place.focus();
  };

  form.addEventListener('submit', async (event) => {
    event.preventDefault();
    showProblem(problem, null);
    result.replaceChildren();
    name.toggleAttribute('aria-invalid', name.value.trim() === '');
    if (name.value.trim() === '') return refuse('Type the name of the person.', name);
    if (photos.length === 0) return refuse('Choose at least one photo.', find('enroll-files'));
    const body = new FormData();
    body.append('name', name.value.trim());
    if (largest.checked) body.append('select', 'largest');
    for (const { file } of photos) body.append('images', file);
    submit.disabled = true;
    announce('Enrolling');
    try {
      const answer = /** @type {EnrollAnswer} */ (await request('POST', 'people', { body }));
      result.replaceChildren(...describeEnrollment(answer));
      announce([...result.children].map(({ textContent }) => textContent).join(' '));
      form.reset();
      setPhotos([]);
      onEnrolled();
    } catch (error) {
      refuse(problemOf(error), name);
      result.replaceChildren(...describeRefused(refusedOf(error)));
    } finally {
      submit.disabled = false;
    }
  });

  onChoose(find('enroll-files', HTMLInputElement), add);
  onDrop(form, add);
  find('enroll-camera').addEventListener('click', async () => {
    const taken = await takePhoto();
    if (taken) add([taken]);
  });
  return {
    addPhoto(photo) {
      add([photo]);
      name.focus();
    },
    addTo(person) {
      name.value = person;
      find('enroll-files').focus();
    },
  };
}

/**
 * @param {EnrollAnswer} answer
 * @returns {Node[]}
 */
function describeEnrollment({ person, isNew, photos, refused, warnings }) {
  const text = isNew
    ? `${person.name} is enrolled with ${counted(photos.length, 'photo')}.`
    : `${counted(photos.length, 'photo')} added to ${person.name}.`;
  return [
    create('p', { class: 'done' }, text),
    ...warnings.map((warning) => create('p', { class: 'warning' }, `Warning: ${warning}`)),
    ...describeRefused(refused),
  ];
}

/**
 * @param {EnrollAnswer['refused']} refused
 * @returns {Node[]}
 */
function describeRefused(refused) {
  if (refused.length === 0) return [];
  return [
    create('p', { class: 'problem' }, `${counted(refused.length, 'photo')} not enrolled:`),
    create(
      'ul',
      {},
      ...refused.map(({ source, index, reason }) =>
        create('li', {}, `${source ?? `photo ${index + 1}`}: ${sentence(reason)}`),
      ),
    ),
  ];
}

/**
 * Returns the photos that the service refused, of an enrollment that failed.
 * @param {unknown} error
 * @returns {EnrollAnswer['refused']}
 */
function refusedOf(error) {
  if (!(error instanceof ServiceError)) return [];
  return /** @type {{ refused?: EnrollAnswer['refused'] } | undefined} */ (error.details)?.refused ?? [];
}
