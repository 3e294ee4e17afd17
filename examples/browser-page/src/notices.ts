import { create, find } from './dom.ts';

/** What the user can do about a message. */
export interface NoticeAction {
  readonly label: string;
  run(): Promise<void>;
}

/**
 * Shows a message at the top of the page, until it is closed. A message that is shown already is not shown again.
 * @param text what happened, and what to do
 * @param action a button that does it, and closes the message
 */
export function showNotice(
  text: string,
  kind: 'problem' | 'note' = 'problem',
  action: NoticeAction | null = null,
): void {
  const list = find('notices');
  const shown = [...list.children].some((item) => item.firstElementChild?.textContent === text);
  if (shown) return;
  const item = create(
    'li',
    { class: kind },
    create('p', { role: kind === 'problem' ? 'alert' : 'status' }, text),
  );
  const buttons = create('span', { class: 'buttons' });
  const act = () =>
    withNotice(async () => {
      await action?.run();
      item.remove();
    });
  if (action) buttons.append(create('button', { type: 'button', click: () => void act() }, action.label));
  buttons.append(create('button', { type: 'button', class: 'quiet', click: () => item.remove() }, 'Close'));
  item.append(buttons);
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
