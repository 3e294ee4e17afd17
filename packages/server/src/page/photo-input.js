// @ts-check

/**
 * Calls a function with the images that a person drops on an element.
 * @param {HTMLElement} zone gets the class `over` while files are above it
 * @param {(files: File[]) => void} use
 */
export function onDrop(zone, use) {
  zone.addEventListener('dragover', (event) => {
    if (!event.dataTransfer?.types.includes('Files')) return;
    event.preventDefault();
    zone.classList.add('over');
  });
  zone.addEventListener('dragleave', (event) => {
    if (!zone.contains(/** @type {Node | null} */ (event.relatedTarget))) zone.classList.remove('over');
  });
  zone.addEventListener('drop', (event) => {
    event.preventDefault();
    zone.classList.remove('over');
    useFiles(event.dataTransfer, use);
  });
  // A file that misses the zone must not replace the page.
  for (const name of ['dragover', 'drop']) window.addEventListener(name, (event) => event.preventDefault());
}

/**
 * Calls a function with the images that a person pastes anywhere on the page.
 * @param {(files: File[]) => void} use
 */
export function onPaste(use) {
  document.addEventListener('paste', (event) => {
    if (document.querySelector('dialog[open]')) return;
    useFiles(event.clipboardData, use);
  });
}

/**
 * Calls a function with the files that a person chooses.
 * @param {HTMLInputElement} input
 * @param {(files: File[]) => void} use
 */
export function onChoose(input, use) {
  input.addEventListener('change', () => {
    const files = [...(input.files ?? [])];
    // The same file again would be no change.
    input.value = '';
    if (files.length > 0) use(files);
  });
}

/**
 * @param {DataTransfer | null} transfer
 * @param {(files: File[]) => void} use
 */
function useFiles(transfer, use) {
  const files = [...(transfer?.files ?? [])];
  if (files.length > 0) use(files);
}
