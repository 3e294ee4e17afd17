// @ts-check
import { readKey, ServiceError, send, storeKey } from './api.js';
import { find, showProblem } from './dom.js';
import { openDialog } from './open-dialog.js';

/**
 * Asks whether to do something that cannot be undone. Escape and the focused button cancel.
 * @param {{ title: string, text: string, action: string }} question
 * @returns {Promise<boolean>}
 */
export async function confirmAction({ title, text, action }) {
  const dialog = find('confirm-dialog', HTMLDialogElement);
  find('confirm-title').textContent = title;
  find('confirm-text').textContent = text;
  find('confirm-button').textContent = action;
  const answer = openDialog(dialog);
  find('confirm-cancel').focus();
  return (await answer) === 'confirm';
}

/**
 * Asks for a new name until it can be used.
 * @param {string} name
 * @param {(name: string) => Promise<string | null>} rename returns the problem; null if there is none
 * @returns {Promise<boolean>} whether the name changed
 */
export async function askForName(name, rename) {
  const dialog = find('rename-dialog', HTMLDialogElement);
  const input = find('rename-input', HTMLInputElement);
  const problem = find('rename-problem');
  find('rename-title').textContent = `Rename ${name}`;
  input.value = name;
  showProblem(problem, null);
  const listening = new AbortController();
  const { signal } = listening;
  let isChanged = false;
  find('rename-form').addEventListener(
    'submit',
    async (event) => {
      event.preventDefault();
      const found = input.value.trim() === '' ? 'A person needs a name.' : await rename(input.value.trim());
      showProblem(problem, found);
      input.toggleAttribute('aria-invalid', found !== null);
      if (found !== null) return input.focus();
      isChanged = true;
      dialog.close();
    },
    { signal },
  );
  find('rename-cancel').addEventListener('click', () => dialog.close(), { signal });
  const closed = openDialog(dialog);
  input.select();
  await closed;
  listening.abort();
  return isChanged;
}

/** @type {Promise<boolean> | null} */
let asking = null;

/**
 * Asks for a key until the service accepts one.
 * @param {ServiceError} [refusal] what the service said about the key that it got
 * @returns {Promise<boolean>} whether there is another key; false if the person closed the dialog
 */
export function askForServiceKey(refusal) {
  // Requests that were refused together wait for one key.
  asking ??= openKeyDialog(refusal).finally(() => {
    asking = null;
  });
  return asking;
}

/**
 * @param {ServiceError} [refusal]
 * @returns {Promise<boolean>}
 */
async function openKeyDialog(refusal) {
  const dialog = find('key-dialog', HTMLDialogElement);
  const input = find('key-input', HTMLInputElement);
  const problem = find('key-problem');
  const before = readKey();
  showProblem(problem, refusal && before !== null ? refusal.message : null);
  input.value = '';
  const listening = new AbortController();
  const { signal } = listening;
  let isAccepted = false;
  find('key-form').addEventListener(
    'submit',
    async (event) => {
      event.preventDefault();
      const found = await tryKey(input.value.trim());
      showProblem(problem, found);
      if (found !== null) return input.select();
      isAccepted = true;
      dialog.close();
    },
    { signal },
  );
  const closed = openDialog(dialog);
  input.focus();
  await closed;
  listening.abort();
  if (!isAccepted) storeKey(before);
  return isAccepted;
}

/**
 * Stores a key if the service accepts it.
 * @param {string} key
 * @returns {Promise<string | null>} the problem; null if there is none
 */
async function tryKey(key) {
  if (key === '') return 'Type or paste a key.';
  if (!/^[\x21-\x7e]+$/.test(key)) return 'A key has only letters, digits and signs, without spaces.';
  storeKey(key);
  try {
    await send('GET', 'model');
    return null;
  } catch (error) {
    // A key that may not read can still enroll.
    if (error instanceof ServiceError && error.status === 403) return null;
    return error instanceof ServiceError ? error.message : 'The key cannot be tried.';
  }
}
