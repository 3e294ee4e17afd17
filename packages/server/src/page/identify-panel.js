// @ts-check
/** @import { IdentifyAnswer } from './api.js' */
import { problemOf, request } from './api.js';
import { takePhoto } from './camera.js';
import { announce, button, create, find } from './dom.js';
import { faceList, photoWithFaces, summaryOf, thresholdLine } from './face-results.js';
import { onChoose, onDrop, onPaste } from './photo-input.js';

/**
 * Starts the part of the page that says who is on a photo.
 * @param {{ enroll: (photo: File) => void }} actions `enroll`: puts a photo into the form that enrolls
 * @returns {{ repeat: () => void }} `repeat`: searches for the people of the last photo again
 */
export function startIdentifying({ enroll }) {
  const result = find('identify-result');
  /** @type {File | null} */
  let photo = null;
  /** @type {string | null} */
  let address = null;
  /** @type {AbortController | null} */
  let running = null;
  let said = '';

  /** @param {IdentifyAnswer} answer */
  const showAnswer = (answer) => {
    const shown = /** @type {File} */ (photo);
    const isOne = answer.faces.filter(({ reason }) => reason === null).length === 1;
    result.replaceChildren(
      photoWithFaces(/** @type {string} */ (address), answer),
      create('p', { class: 'summary' }, summaryOf(answer)),
      faceList(answer),
      ...(answer.faces.length > 0 ? [create('p', { class: 'hint' }, thresholdLine(answer))] : []),
      ...(isOne
        ? [
            create(
              'p',
              {},
              button('Enroll this face', () => enroll(shown)),
            ),
          ]
        : []),
    );
    linkFaces(result);
    // A search that nobody asked for is said only if it finds something else.
    if (said !== summaryOf(answer)) announce(summaryOf(answer));
    said = summaryOf(answer);
  };

  const search = async () => {
    if (!photo || !address) return;
    running?.abort();
    const own = new AbortController();
    running = own;
    const body = new FormData();
    body.append('image', photo);
    result.setAttribute('aria-busy', 'true');
    try {
      const answer = await request('POST', 'identify', { body, signal: own.signal });
      showAnswer(/** @type {IdentifyAnswer} */ (answer));
    } catch (error) {
      if (own.signal.aborted) return;
      result.replaceChildren(
        photoWithFaces(address, null),
        create('p', { class: 'problem', role: 'alert' }, problemOf(error)),
        create('p', {}, button('Try again', search)),
      );
    } finally {
      if (running === own) result.removeAttribute('aria-busy');
    }
  };

  /** @param {File[]} files */
  const use = ([file]) => {
    if (!file) return;
    if (address) URL.revokeObjectURL(address);
    photo = file;
    address = URL.createObjectURL(file);
    result.replaceChildren(
      photoWithFaces(address, null),
      create('p', { class: 'summary' }, 'Looking for faces …'),
    );
    said = 'Looking for faces';
    announce(said);
    search();
  };

  onChoose(find('identify-file', HTMLInputElement), use);
  onDrop(find('identify'), use);
  onPaste(use);
  find('identify-camera').addEventListener('click', async () => {
    const taken = await takePhoto();
    if (taken) use([taken]);
  });
  return { repeat: search };
}

/**
 * Marks the box of a face while the pointer is on its line of the list, and the other way round.
 * @param {HTMLElement} result
 */
function linkFaces(result) {
  for (const element of result.querySelectorAll('[data-face]')) {
    const face = element.getAttribute('data-face');
    const mark = (/** @type {boolean} */ isMarked) => {
      for (const same of result.querySelectorAll(`[data-face="${face}"]`))
        same.classList.toggle('marked', isMarked);
    };
    element.addEventListener('pointerenter', () => mark(true));
    element.addEventListener('pointerleave', () => mark(false));
  }
}
