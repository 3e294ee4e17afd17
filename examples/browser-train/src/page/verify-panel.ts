import type { Verification } from '@openset/verify';
import { cosineScale } from '@openset-examples/browser-page/cosine-scale.ts';
import { announce, create, find } from '@openset-examples/browser-page/dom.ts';
import { withNotice } from '@openset-examples/browser-page/notices.ts';
import { cosineText, countText, probabilityText } from '@openset-examples/browser-page/texts.ts';
import { DrawingPad, type SampleImage } from './drawing-pad.ts';

/** What the panel needs from the page. */
export interface VerifyActions {
  /** Returns a test image; null if there are none. */
  takeSample(): SampleImage | null;
  /** Compares two images; null if no network is trained. */
  readonly compare: ((first: Uint8Array, second: Uint8Array) => Promise<Verification>) | null;
  /** Adds drawings to the next training. */
  addDrawings(className: string, images: readonly Uint8Array[]): void;
}

/** The part of the page that compares two drawings. */
export class VerifyPanel {
  private readonly pads: readonly DrawingPad[];
  private readonly button = find('compare-button', HTMLButtonElement);
  private comparisons = 0;

  private readonly actions: () => VerifyActions;

  /** @param actions returns what the page can do now */
  constructor(actions: () => VerifyActions) {
    this.actions = actions;
    this.pads = ['first', 'second'].map(
      (name) =>
        new DrawingPad(
          find(`${name}-pad`),
          name,
          () => actions().takeSample(),
          () => this.update(),
        ),
    );
    this.button.addEventListener('click', () => void withNotice(() => this.compare(true)));
    find('add-form').addEventListener('submit', (event) => {
      event.preventDefault();
      this.addDrawings();
    });
  }

  /** Compares again, after the images or the network have changed. */
  update(): void {
    // The pads call it while they are made.
    if (!this.pads) return;
    const { compare } = this.actions();
    const isPossible = compare !== null && this.images().length === 2;
    this.button.disabled = !isPossible;
    if (isPossible) void withNotice(() => this.compare(false));
    else {
      this.comparisons += 1;
      const text =
        compare === null ? 'Train a network, then draw two digits.' : 'Draw two digits, or take test images.';
      find('answer').replaceChildren(create('p', { class: 'hint' }, text));
    }
  }

  private images(): Uint8Array[] {
    return this.pads.map((pad) => pad.image()).filter((image) => image !== null);
  }

  /** @param isAsked whether the user pressed the button, so that screen readers say the answer */
  private async compare(isAsked: boolean): Promise<void> {
    const [first, second] = this.images();
    const { compare } = this.actions();
    if (!first || !second || !compare) return;
    const comparison = ++this.comparisons;
    const answer = await compare(first, second);
    // The user has drawn on meanwhile.
    if (comparison !== this.comparisons) return;
    const { same, cosine, threshold, probability } = answer;
    const verdict = same ? 'Same' : 'Different';
    const relation = `Cosine ${cosineText(cosine)} ${same ? 'reaches' : 'is below'} the threshold ${cosineText(threshold)}.`;
    const sure =
      probability === null ? '' : ` Probability of the same class: ${probabilityText(probability)}.`;
    find('answer').replaceChildren(
      create('p', { class: `verdict ${same ? 'same' : 'different'}` }, verdict),
      cosineScale(answer),
      create('p', {}, relation + sure),
    );
    if (isAsked) announce(`${verdict}. ${relation}${sure}`);
  }

  private addDrawings(): void {
    const input = find('add-name', HTMLInputElement);
    const text = find('add-text');
    const name = input.value.trim();
    const images = this.images();
    const problem =
      name === '' ? 'Type the name of the class.' : images.length === 0 ? 'Draw on a pad first.' : null;
    input.toggleAttribute('aria-invalid', problem !== null);
    text.classList.toggle('problem', problem !== null);
    text.textContent =
      problem ?? `${countText(images.length, 'drawing')} of ${name} will be trained on. Press Train.`;
    announce(text.textContent);
    if (problem === null) this.actions().addDrawings(name, images);
    else input.focus();
  }
}
