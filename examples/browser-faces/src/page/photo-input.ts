/**
 * Calls a function with the files that a person drops on an element.
 * @param zone gets the class `over` while files are above it
 */
export function onDrop(zone: HTMLElement, use: (files: File[]) => void): void {
  zone.addEventListener('dragover', (event) => {
    if (!event.dataTransfer?.types.includes('Files')) return;
    event.preventDefault();
    zone.classList.add('over');
  });
  zone.addEventListener('dragleave', (event) => {
    if (!zone.contains(event.relatedTarget as Node | null)) zone.classList.remove('over');
  });
  zone.addEventListener('drop', (event) => {
    event.preventDefault();
    zone.classList.remove('over');
    useFiles(event.dataTransfer, use);
  });
  // A file that misses the zone must not replace the page.
  for (const name of ['dragover', 'drop']) window.addEventListener(name, (event) => event.preventDefault());
}

/** Calls a function with the files that a person pastes anywhere on the page. */
export function onPaste(use: (files: File[]) => void): void {
  document.addEventListener('paste', ({ clipboardData }) => {
    if (!document.querySelector('dialog[open]')) useFiles(clipboardData, use);
  });
}

/** Calls a function with the files that a person chooses. */
export function onChoose(input: HTMLInputElement, use: (files: File[]) => void): void {
  input.addEventListener('change', () => {
    const files = [...(input.files ?? [])];
    // The same file again would be no change.
    input.value = '';
    if (files.length > 0) use(files);
  });
}

function useFiles(transfer: DataTransfer | null, use: (files: File[]) => void): void {
  const files = [...(transfer?.files ?? [])];
  if (files.length > 0) use(files);
}
