import { announce, create } from '@openset-examples/browser-page/dom.ts';

/** A place on a surface, in its pixels. */
export interface Place {
  readonly x: number;
  readonly y: number;
}

/** What a pen can do on a surface. */
export interface PenSurface {
  startLine(place: Place): void;
  lineTo(place: Place): void;
  endLine(): void;
}

const directions: Readonly<Record<string, readonly [x: number, y: number]>> = {
  ArrowLeft: [-1, 0],
  ArrowRight: [1, 0],
  ArrowUp: [0, -1],
  ArrowDown: [0, 1],
};

/** Draws on a canvas with keys: arrows move the pen, Space puts it down and lifts it. A mark shows it while the canvas has the focus. */
export class KeyboardPen {
  /** The mark, which belongs after the canvas. */
  readonly mark = create('span', { class: 'pen-mark', 'aria-hidden': 'true' });
  private place: Place;
  private isDown = false;

  private readonly side: number;
  private readonly surface: PenSurface;

  /** @param side height and width of the surface */
  constructor(canvas: HTMLCanvasElement, side: number, surface: PenSurface) {
    this.side = side;
    this.surface = surface;
    this.place = { x: side / 2, y: side / 2 };
    canvas.tabIndex = 0;
    canvas.addEventListener('keydown', (event) => this.useKey(event));
    canvas.addEventListener('blur', () => this.lift());
    this.showMark();
  }

  private useKey(event: KeyboardEvent): void {
    const direction = directions[event.key];
    if (event.ctrlKey || event.altKey || event.metaKey || (!direction && event.key !== ' ')) return;
    event.preventDefault();
    if (direction) this.move(direction);
    else if (this.isDown) this.lift();
    else this.putDown();
    this.showMark();
  }

  private move([x, y]: readonly [x: number, y: number]): void {
    const { place, side } = this;
    const within = (value: number) => Math.min(side, Math.max(0, value));
    const step = side / 20;
    this.place = { x: within(place.x + x * step), y: within(place.y + y * step) };
    if (this.isDown) this.surface.lineTo(this.place);
  }

  private putDown(): void {
    this.isDown = true;
    this.surface.startLine(this.place);
    announce('The pen is down.');
  }

  private lift(): void {
    if (!this.isDown) return;
    this.isDown = false;
    this.surface.endLine();
    announce('The pen is up.');
    this.showMark();
  }

  private showMark(): void {
    const { mark, place, side } = this;
    mark.style.left = `${(100 * place.x) / side}%`;
    mark.style.top = `${(100 * place.y) / side}%`;
    mark.classList.toggle('down', this.isDown);
  }
}
