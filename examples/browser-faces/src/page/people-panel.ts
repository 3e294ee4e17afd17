import type { Person } from '@openset/gallery';
import { announce, create, find } from '@openset-examples/browser-page/dom.ts';
import { withNotice } from '@openset-examples/browser-page/notices.ts';
import { openDialog } from '@openset-examples/browser-page/open-dialog.ts';
import { countText } from '@openset-examples/browser-page/texts.ts';
import type { People } from './people.ts';

const dates = new Intl.DateTimeFormat('en-GB', { dateStyle: 'medium' });

/** The list of the people that the page knows. */
export class PeoplePanel {
  private readonly list = find('people-list');
  private readonly text = find('people-text');
  private readonly people: People;
  private readonly onChange: () => void;

  /** @param onChange called after a person was forgotten */
  constructor(people: People, onChange: () => void) {
    this.people = people;
    this.onChange = onChange;
  }

  /** Shows the people as they are now. */
  async show(): Promise<void> {
    const all = await this.people.list();
    const place = this.people.isKept
      ? 'They stay in this browser until you forget them.'
      : 'They are forgotten when the page is closed.';
    this.text.textContent =
      all.length === 0 ? 'Nobody is enrolled yet.' : `${countText(all.length, 'person', 'people')}. ${place}`;
    this.list.replaceChildren(...all.map((person) => this.line(person)));
  }

  private line(person: Person): HTMLLIElement {
    const { name, embeddingCount, enrolledAt } = person;
    const facts = `${countText(embeddingCount, 'face')}, since ${dates.format(new Date(enrolledAt))}`;
    const forget = create(
      'button',
      {
        ...{ type: 'button', class: 'danger', 'aria-label': `Forget ${name}` },
        click: () => void withNotice(() => this.forget(person)),
      },
      'Forget',
    );
    return create(
      'li',
      { class: 'person' },
      create('span', {}, create('strong', {}, name), create('small', {}, facts)),
      forget,
    );
  }

  private async forget({ id, name, embeddingCount }: Person): Promise<void> {
    const text = `This removes ${name} with ${countText(embeddingCount, 'face')} from this browser. It cannot be undone.`;
    if (!(await confirmForgetting(`Forget ${name}?`, text))) return;
    await this.people.forget(id);
    await this.show();
    find('people-title').focus();
    announce(`${name} is forgotten`);
    this.onChange();
  }
}

/** Asks whether to forget a person. Escape and the focused button cancel. */
async function confirmForgetting(title: string, text: string): Promise<boolean> {
  find('forget-title').textContent = title;
  find('forget-text').textContent = text;
  return (await openDialog(find('forget-dialog', HTMLDialogElement))) === 'forget';
}
