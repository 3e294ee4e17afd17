// @ts-check

/** What ends the wait for a dialog. @type {WeakMap<HTMLDialogElement, () => void>} */
const waits = new WeakMap();

/**
 * Opens a dialog and waits until it has closed.
 * @param {HTMLDialogElement} dialog
 * @returns {Promise<string>} its return value; "cancel" if it was closed without one
 */
export function openDialog(dialog) {
  // The event comes some time after the dialog has closed; until then a person may have opened it again.
  waits.get(dialog)?.();
  dialog.returnValue = 'cancel';
  dialog.showModal();
  return new Promise((resolve) => {
    const end = () => {
      dialog.removeEventListener('close', onClose);
      resolve(dialog.returnValue);
    };
    const onClose = () => {
      if (!dialog.open) end();
    };
    dialog.addEventListener('close', onClose);
    waits.set(dialog, end);
  });
}
