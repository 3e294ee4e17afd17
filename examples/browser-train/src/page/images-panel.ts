import { create, find } from '@openset-examples/browser-page/dom.ts';
import { showNotice, withNotice } from '@openset-examples/browser-page/notices.ts';
import { countText, namesText } from '@openset-examples/browser-page/texts.ts';
import { addDrawings, type Drawing, namedImage } from '../add-drawings.ts';
import type { DigitParts } from '../digits/digits-format.ts';
import { digitSet, loadDigits } from '../digits/load-digits.ts';
import { folderSet } from '../folder-set.ts';
import { type ImageSet, imageAt } from '../image-set.ts';
import { greyImage, type SampleImage } from './drawing-pad.ts';
import { readFolder } from './read-folder.ts';

/** Problems of pictures that a message lists. */
const mostProblems = 3;
const sampleCount = 14;

/** The part of the page that chooses the images. */
export class ImagesPanel {
  private readonly choice = find('images-choice', HTMLSelectElement);
  private readonly count = find('count-choice', HTMLSelectElement);
  private readonly input = find('folder-input', HTMLInputElement);
  private digits: DigitParts | null = null;
  private folder: ImageSet | null = null;
  private readonly drawings: Drawing[] = [];
  private isFolder = false;

  private readonly onChange: () => void;

  /** @param onChange called when there are other images, or none */
  constructor(onChange: () => void) {
    this.onChange = onChange;
    this.choice.addEventListener('change', () => {
      if (this.choice.value === 'digits') this.use(false);
      else this.input.click();
    });
    this.input.addEventListener('cancel', () => this.use(this.isFolder));
    this.input.addEventListener('change', () => void withNotice(() => this.readFolder()));
    this.count.addEventListener('change', () => this.use(this.isFolder));
  }

  /** Loads the digits. */
  async loadDigits(): Promise<void> {
    try {
      this.digits = await loadDigits();
    } finally {
      this.use(this.isFolder);
    }
  }

  /** Returns the images to train on; null if there are none. */
  set(): ImageSet | null {
    const set = this.isFolder ? this.folder : this.digits && digitSet(this.digits, Number(this.count.value));
    return set && addDrawings(set, this.drawings);
  }

  /** Returns a random test image, also of classes that are never trained on; null if there are no images. */
  takeSample(): SampleImage | null {
    const set = this.set();
    if (!set) return null;
    const count = set.test.labels.length + (set.unseen?.labels.length ?? 0);
    return namedImage(set, Math.floor(Math.random() * count));
  }

  /** Adds drawings to the next training. */
  addDrawings(className: string, images: readonly Uint8Array[]): void {
    this.drawings.push(...images.map((pixels) => ({ className, pixels })));
    this.use(this.isFolder);
  }

  private async readFolder(): Promise<void> {
    const files = [...(this.input.files ?? [])];
    this.input.value = '';
    const text = find('images-text');
    try {
      const { images, problems } = await readFolder(files, (done, total) => {
        text.textContent = `Reading pictures: ${done} of ${total}.`;
      });
      this.folder = folderSet(images);
      this.use(true);
      if (problems.length > 0) showNotice(skippedText(problems), 'note');
    } catch (error) {
      this.use(this.isFolder);
      throw error;
    }
  }

  private use(isFolder: boolean): void {
    this.isFolder = isFolder;
    this.choice.value = isFolder ? 'folder' : 'digits';
    find('count-field').hidden = isFolder;
    const set = this.set();
    find('images-text').textContent = set ? describeSet(set, this.drawings.length) : 'There are no images.';
    find('images-samples').replaceChildren(...(set ? sampleImages(set) : []));
    this.onChange();
  }
}

function describeSet({ train, classNames, unseen }: ImageSet, drawings: number): string {
  const known = `${countText(train.labels.length, 'image')} of ${namesText(classNames)}.`;
  const strange = unseen ? ` Never trained on: ${namesText(unseen.classNames)}.` : '';
  return `${known}${strange}${drawings > 0 ? ` With ${countText(drawings, 'drawing')} of yours.` : ''}`;
}

function skippedText(problems: readonly string[]): string {
  const more = problems.length - mostProblems;
  return (
    `${countText(problems.length, 'picture')} cannot be read and ${problems.length === 1 ? 'is' : 'are'} skipped. ` +
    `${problems.slice(0, mostProblems).join(' ')}${more > 0 ? ` And ${more} more.` : ''}`
  );
}

/** Returns small canvases of some images, one class after the other. */
function sampleImages({ train, classNames }: ImageSet): HTMLCanvasElement[] {
  const perClass = Math.max(1, Math.floor(sampleCount / classNames.length));
  const counts = new Map<number, number>();
  const rows = [...train.labels.keys()].filter((row) => {
    const label = train.labels[row]!;
    counts.set(label, (counts.get(label) ?? 0) + 1);
    return counts.get(label)! <= perClass;
  });
  const sorted = rows.sort((a, b) => train.labels[a]! - train.labels[b]!).slice(0, sampleCount);
  return sorted.map((row) => {
    const canvas = create('canvas', { width: 28, height: 28 });
    canvas.getContext('2d')!.putImageData(greyImage(imageAt(train, row)), 0, 0);
    return canvas;
  });
}
