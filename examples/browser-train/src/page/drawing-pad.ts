import { create } from '@openset-examples/browser-page/dom.ts';
import { withNotice } from '@openset-examples/browser-page/notices.ts';
import { imagePixels, imageSize } from '../image-set.ts';
import { centreDigit } from './centre-digit.ts';
import { KeyboardPen, type Place } from './keyboard-pen.ts';
import { readPicture } from './read-picture.ts';

/** Height and width of the surface in its own pixels. */
const side = 280;
const penWidth = 22;

/** A test image for a pad. */
export interface SampleImage {
  readonly pixels: Uint8Array;
  readonly name: string;
}

/** A place to draw a digit, to take a test image, or to load a picture. */
export class DrawingPad {
  private readonly canvas = create('canvas', { width: side, height: side, role: 'application' });
  private readonly context = this.canvas.getContext('2d', { willReadFrequently: true })!;
  /** The image, if it was not drawn. */
  private taken: Uint8Array | null = null;
  private isDrawn = false;
  private last: Place | null = null;

  private readonly name: string;
  private readonly takeSample: () => SampleImage | null;
  private readonly onChange: () => void;

  /**
   * @param name of the pad, in texts: `first`
   * @param takeSample returns another test image; null if there is none
   * @param onChange called when the image has changed
   */
  constructor(place: HTMLElement, name: string, takeSample: () => SampleImage | null, onChange: () => void) {
    this.name = name;
    this.takeSample = takeSample;
    this.onChange = onChange;
    const input = create('input', {
      type: 'file',
      accept: 'image/*',
      class: 'hidden-input',
      id: `${name}-file`,
      change: () => void this.load(input),
    });
    const pen = new KeyboardPen(this.canvas, side, {
      startLine: (at) => this.startLine(at),
      lineTo: (at) => this.lineTo(at),
      endLine: () => this.endLine(),
    });
    this.canvas.setAttribute('aria-describedby', `${name}-keys`);
    place.append(
      create('div', { class: 'surface' }, this.canvas, pen.mark),
      create(
        'p',
        { class: 'hint keys', id: `${name}-keys` },
        'Arrow keys move the pen. Space puts it down and lifts it.',
      ),
      create(
        'p',
        { class: 'buttons' },
        create(
          'button',
          { type: 'button', click: () => this.showSample() },
          'Test image',
          hidden(` for the ${name} pad`),
        ),
        create('label', { class: 'button', for: `${name}-file` }, 'File', hidden(` for the ${name} pad`)),
        input,
        create(
          'button',
          { type: 'button', class: 'quiet', click: () => this.clear() },
          'Clear',
          hidden(` the ${name} pad`),
        ),
      ),
    );
    this.canvas.addEventListener('pointerdown', (event) => this.startStroke(event));
    this.canvas.addEventListener('pointermove', (event) => this.drawLine(event));
    for (const end of ['pointerup', 'pointercancel']) this.canvas.addEventListener(end, () => this.endLine());
    this.clear();
  }

  /** Returns the image, 28 × 28; null if the pad is empty. */
  image(): Uint8Array | null {
    if (this.taken) return this.taken;
    if (!this.isDrawn) return null;
    const { data } = this.context.getImageData(0, 0, side, side);
    return centreDigit(
      Uint8Array.from({ length: side * side }, (_, pixel) => data[4 * pixel]!),
      side,
    );
  }

  /** Empties the pad. */
  clear(): void {
    this.taken = null;
    this.isDrawn = false;
    this.context.fillStyle = '#000';
    this.context.fillRect(0, 0, side, side);
    this.describe('empty. Draw a digit, or take a test image');
    this.onChange();
  }

  /** Shows a test image. */
  showSample(): void {
    const sample = this.takeSample();
    if (sample) this.show(sample.pixels, `a test image of ${sample.name}`);
  }

  private async load(input: HTMLInputElement): Promise<void> {
    const [file] = input.files ?? [];
    if (!file) return;
    await withNotice(async () => this.show(await readPicture(file), file.name));
    // The same file can be chosen again.
    input.value = '';
  }

  private show(pixels: Uint8Array, what: string): void {
    this.taken = pixels;
    const small = new OffscreenCanvas(imageSize, imageSize);
    small.getContext('2d')!.putImageData(greyImage(pixels), 0, 0);
    this.context.imageSmoothingEnabled = false;
    this.context.drawImage(small, 0, 0, side, side);
    this.describe(what);
    this.onChange();
  }

  private startStroke(event: PointerEvent): void {
    if (event.button !== 0) return;
    event.preventDefault();
    try {
      this.canvas.setPointerCapture(event.pointerId);
    } catch {
      // The pointer is gone already.
    }
    this.startLine(this.place(event));
  }

  private startLine(place: Place): void {
    if (this.taken) this.clear();
    this.last = place;
    this.isDrawn = true;
    this.lineTo(place);
  }

  private drawLine(event: PointerEvent): void {
    if (!this.last) return;
    this.lineTo(this.place(event));
  }

  private endLine(): void {
    if (!this.last) return;
    this.last = null;
    this.describe('a drawing');
    this.onChange();
  }

  private lineTo(next: Place): void {
    const { context, last } = this;
    if (!last) return;
    Object.assign(context, { strokeStyle: '#fff', lineWidth: penWidth, lineCap: 'round', lineJoin: 'round' });
    context.beginPath();
    context.moveTo(last.x, last.y);
    context.lineTo(next.x, next.y);
    context.stroke();
    this.last = next;
  }

  /** Returns the place of a pointer, in the pixels of the surface. */
  private place({ clientX, clientY }: PointerEvent): Place {
    const { left, top, width, height } = this.canvas.getBoundingClientRect();
    return { x: ((clientX - left) / width) * side, y: ((clientY - top) / height) * side };
  }

  private describe(what: string): void {
    this.canvas.setAttribute('aria-label', `The ${this.name} pad: ${what}.`);
  }
}

/** Returns grey pixels as an image of a canvas. */
export function greyImage(pixels: Uint8Array): ImageData {
  const image = new ImageData(imageSize, imageSize);
  for (let pixel = 0; pixel < imagePixels; pixel++) {
    image.data.fill(pixels[pixel]!, 4 * pixel, 4 * pixel + 3);
    image.data[4 * pixel + 3] = 255;
  }
  return image;
}

function hidden(text: string): HTMLElement {
  return create('span', { class: 'visually-hidden' }, text);
}
