import { create, draw, find } from '@openset-examples/browser-page/dom.ts';
import type { SeenFace, Sight } from '../functions.ts';
import type { Recognition } from './people.ts';

/** A face on a picture, and who it is. */
export interface KnownFace extends SeenFace {
  /** Null if the face cannot be recognised. */
  readonly recognition: Recognition | null;
}

/** Returns who a face is, in a word or two. */
export function faceName({ reason, recognition }: KnownFace): string {
  return reason === null ? (recognition?.identity ?? 'unknown') : 'not recognised';
}

/** Returns the class of a face for its colour. */
export function faceState({ reason, recognition }: KnownFace): 'known' | 'unknown' | 'refused' {
  if (reason !== null) return 'refused';
  return recognition?.identity == null ? 'unknown' : 'known';
}

/** The picture of the camera or a photo, with a box, five points and a name for each face. */
export class Stage {
  readonly video = find('video', HTMLVideoElement);
  private readonly photo = find('photo', HTMLCanvasElement);
  private readonly view = find('view');
  private readonly marks = find('marks');

  /** Shows the invitation to choose a picture. */
  showNothing(): void {
    this.show(null);
  }

  /** Shows the picture of the camera, mirrored, as people know themselves. */
  showCamera(): void {
    this.show(this.video);
  }

  /** Shows a photo. */
  showPhoto(picture: ImageBitmap): void {
    this.photo.width = picture.width;
    this.photo.height = picture.height;
    this.photo.getContext('2d')!.drawImage(picture, 0, 0);
    this.show(this.photo);
  }

  /** Marks the faces on the picture that is shown. */
  mark({ width, height }: Pick<Sight, 'width' | 'height'>, faces: readonly KnownFace[]): void {
    const isMirrored = !this.video.hidden;
    const left = (x: number, length = 0) => (isMirrored ? width - x - length : x);
    const points = draw('svg', { viewBox: `0 0 ${width} ${height}`, class: 'points' });
    for (const { box, landmarks } of faces) {
      const r = Math.max(box.width, box.height) / 45;
      for (const [x, y] of landmarks)
        points.append(draw('circle', { cx: left(x + 0.5), cy: y + 0.5, r: Math.max(r, width / 400) }));
    }
    const boxes = faces.map((face) => {
      const { box } = face;
      const x = left(box.x, box.width);
      const element = create('div', { class: `box ${faceState(face)}` }, create('span', {}, faceName(face)));
      element.classList.toggle('end', x + box.width / 2 > width / 2);
      element.classList.toggle('below', box.y < height / 10);
      element.style.left = `${(100 * x) / width}%`;
      element.style.top = `${(100 * box.y) / height}%`;
      element.style.width = `${(100 * box.width) / width}%`;
      element.style.height = `${(100 * box.height) / height}%`;
      return element;
    });
    this.marks.replaceChildren(points, ...boxes);
  }

  /** Says who is on the photo, for people who do not see it. */
  describe(text: string): void {
    this.photo.setAttribute('aria-label', `The photo. ${text}`);
  }

  private show(shown: HTMLVideoElement | HTMLCanvasElement | null): void {
    find('empty').hidden = shown !== null;
    find('stage').classList.toggle('drop-zone', shown === null);
    this.view.hidden = shown === null;
    this.video.hidden = shown !== this.video;
    this.photo.hidden = shown !== this.photo;
    this.marks.replaceChildren();
  }
}
