import { create, find } from '@openset-examples/browser-page/dom.ts';
import type { Sight } from '../functions.ts';

/** A photo that the user has chosen. */
export interface ChosenPhoto {
  readonly file: File;
  /** What the worker saw on it; null until it has looked. */
  sight: Sight | null;
}

/** The row of photos under the stage, from which one is shown. */
export class PhotoFilm {
  private readonly list = find('film');
  private readonly onShow: (photo: ChosenPhoto) => void;
  private addresses: string[] = [];

  /** @param onShow called with the photo that the user chooses */
  constructor(onShow: (photo: ChosenPhoto) => void) {
    this.onShow = onShow;
  }

  /** Replaces the photos; a single one needs no row. */
  replace(photos: readonly ChosenPhoto[]): void {
    for (const address of this.addresses) URL.revokeObjectURL(address);
    const shown = photos.length > 1 ? photos : [];
    this.addresses = shown.map(({ file }) => URL.createObjectURL(file));
    this.list.replaceChildren(...shown.map((photo, place) => this.item(photo, this.addresses[place]!)));
  }

  /** Marks the photo that is shown; null for none. */
  mark(photo: ChosenPhoto | null): void {
    for (const button of this.list.querySelectorAll('button')) {
      button.setAttribute('aria-pressed', String(photo !== null && this.photos.get(button) === photo));
    }
  }

  private readonly photos = new WeakMap<HTMLButtonElement, ChosenPhoto>();

  private item(photo: ChosenPhoto, address: string): HTMLLIElement {
    const image = create('img', { src: address, alt: photo.file.name });
    const button = create(
      'button',
      { type: 'button', 'aria-pressed': 'false', click: () => this.onShow(photo) },
      image,
    );
    this.photos.set(button, photo);
    return create('li', {}, button);
  }
}
