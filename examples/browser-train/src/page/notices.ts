import { create, find } from './dom.ts';

/**
 * Shows a message at the top of the page, until it is closed. A message that is shown already is not shown again.
 * @param text what happened, and what to do
 */
export function showNotice(text: string, kind: 'problem' | 'note' = 'problem'): void {
  const list = find('notices');
  const shown = [...list.children].some((item) => item.firstElementChild?.textContent === text);
  if (shown) return;
  const item = create(
    'li',
    { class: kind },
    create('p', { role: kind === 'problem' ? 'alert' : 'status' }, text),
  );
  item.append(create('button', { type: 'button', class: 'quiet', click: () => item.remove() }, 'Close'));
  list.append(item);
}

/** Runs an action of the page, and shows the message of its error. */
export async function withNotice(action: () => Promise<void> | void): Promise<void> {
  try {
    await action();
  } catch (error) {
    showNotice(error instanceof Error ? error.message : String(error));
  }
}
