import { announce, create, find } from '@openset-examples/browser-page/dom.ts';
import { withNotice } from '@openset-examples/browser-page/notices.ts';
import type { RunRecord, RunStore, SavedRun } from './run-store.ts';

/** What the panel needs from the page. */
export interface RunActions {
  /** Returns the run on the page. @throws Error if there is none */
  current(): Promise<Omit<RunRecord, 'version'>>;
  /** Replaces the run on the page. */
  show(run: RunRecord): Promise<void>;
}

const modelFileName = 'model.safetensors';
const dates = new Intl.DateTimeFormat('en-GB', { dateStyle: 'medium', timeStyle: 'short' });

/** The part of the page that saves, loads and exports runs. */
export class RunsPanel {
  private readonly buttons = [
    find('save-button', HTMLButtonElement),
    find('export-button', HTMLButtonElement),
  ];

  private readonly store: RunStore;
  private readonly actions: RunActions;

  constructor(store: RunStore, actions: RunActions) {
    this.store = store;
    this.actions = actions;
    const [save, exporting] = this.buttons;
    save!.addEventListener('click', () => void withNotice(() => this.save()));
    exporting!.addEventListener('click', () => void withNotice(() => this.export()));
  }

  /** Lets the user save and export, if there is a run. */
  allowSaving(isAllowed: boolean): void {
    for (const button of this.buttons) button.disabled = !isAllowed;
  }

  /** Shows the list of saved runs. */
  async list(): Promise<void> {
    const runs = await this.store.list();
    find('runs-list').replaceChildren(...runs.map((run) => this.item(run)));
  }

  private item(run: SavedRun): HTMLElement {
    const title = `${run.name}, ${dates.format(run.savedAt)}`;
    const action = (text: string, run: () => Promise<void>) =>
      create(
        'button',
        { type: 'button', 'aria-label': `${text} ${title}`, click: () => void withNotice(run) },
        text,
      );
    return create(
      'li',
      {},
      create('span', {}, run.name, create('small', {}, dates.format(run.savedAt))),
      create(
        'span',
        { class: 'buttons' },
        action('Load', () => this.load(run)),
        action('Delete', () => this.delete(run)),
      ),
    );
  }

  private async save(): Promise<void> {
    const run = await this.actions.current();
    await this.store.save(run);
    await this.list();
    announce(`${run.name} is saved.`);
  }

  private async load({ id, name }: SavedRun): Promise<void> {
    await this.actions.show(await this.store.load(id));
    announce(`${name} is loaded.`);
  }

  private async delete({ id, name }: SavedRun): Promise<void> {
    await this.store.delete(id);
    await this.list();
    announce(`${name} is deleted.`);
    find('save-button').focus();
  }

  private async export(): Promise<void> {
    const { model } = await this.actions.current();
    const address = URL.createObjectURL(new Blob([model], { type: 'application/octet-stream' }));
    create('a', { href: address, download: modelFileName }).click();
    // The browser has begun to read it.
    setTimeout(() => URL.revokeObjectURL(address), 60_000);
    announce(`${modelFileName} is exported.`);
  }
}
