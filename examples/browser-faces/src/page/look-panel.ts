import { announce, find } from '@openset-examples/browser-page/dom.ts';
import { withNotice } from '@openset-examples/browser-page/notices.ts';
import { cosineText, countText, namesText, percentText } from '@openset-examples/browser-page/texts.ts';
import type { LookRequest, Sight } from '../functions.ts';
import { Camera } from './camera.ts';
import { FaceList } from './face-list.ts';
import type { People } from './people.ts';
import { type ChosenPhoto, PhotoFilm } from './photo-film.ts';
import { onChoose, onDrop, onPaste } from './photo-input.ts';
import { faceName, type KnownFace, Stage } from './stage.ts';

/** What the panel needs from the page. */
export interface LookActions {
  /** Looks at a picture in the worker; null while no backend runs. */
  look(request: LookRequest): Promise<Sight> | null;
  /** Puts a face into the form that enrolls. */
  enroll(face: KnownFace, source: string): void;
  /** Called when the camera starts or stops. */
  onCamera(isOn: boolean): void;
}

/** The part of the page that says who is on a picture, of the camera or of a file. */
export class LookPanel {
  private readonly stage = new Stage();
  private readonly camera = new Camera(this.stage.video);
  private readonly button = find('camera-button', HTMLButtonElement);
  private readonly film = new PhotoFilm((photo) => void withNotice(() => this.showPhoto(photo)));
  private readonly list: FaceList;
  private readonly people: People;
  private readonly actions: LookActions;
  private shown: ChosenPhoto | null = null;
  private last: { readonly sight: Sight; readonly faces: readonly KnownFace[] } | null = null;
  private said = '';

  constructor(people: People, actions: LookActions) {
    this.people = people;
    this.actions = actions;
    this.list = new FaceList((face) => actions.enroll(face, this.shown?.file.name ?? 'camera'));
    this.button.addEventListener('click', () => void withNotice(() => this.switchCamera()));
    const use = (files: File[]) => void withNotice(() => this.usePhotos(files));
    onChoose(find('photos-input', HTMLInputElement), use);
    onDrop(find('look'), use);
    onPaste(use);
  }

  /** Returns the largest face that the camera sees now; null if there is none that can be enrolled. */
  largestFace(): KnownFace | null {
    const faces = this.last?.faces.filter(({ embedding }) => embedding !== null) ?? [];
    const area = ({ box }: KnownFace) => box.width * box.height;
    return faces.reduce<KnownFace | null>(
      (best, face) => (best === null || area(face) > area(best) ? face : best),
      null,
    );
  }

  /** Looks for the people of the picture again: there are others, or another backend. */
  async repeat(): Promise<void> {
    if (this.shown && !this.shown.sight) return this.showPhoto(this.shown);
    if (this.last) await this.show(this.last.sight);
  }

  private async switchCamera(): Promise<void> {
    if (this.camera.isOn) return this.stopCamera();
    this.button.disabled = true;
    try {
      await this.camera.start(() => this.stopCamera());
    } finally {
      this.button.disabled = false;
    }
    this.forgetPhotos();
    this.stage.showCamera();
    this.button.textContent = 'Stop the camera';
    this.actions.onCamera(true);
    await this.watch();
  }

  /** Looks at one frame after the other until the camera stops. */
  private async watch(): Promise<void> {
    let before = performance.now();
    while (this.camera.isOn) {
      // Frames of a hidden page are not looked at.
      await new Promise(requestAnimationFrame);
      const source = await this.camera.frame().catch(() => null);
      const sight = source && (await this.actions.look({ source, need: 'all' })?.catch(this.onLost));
      if (!sight || !this.camera.isOn) {
        before = performance.now();
        continue;
      }
      await this.show(sight);
      const now = performance.now();
      find('rate-figure').textContent = (1000 / (now - before)).toFixed(1);
      before = now;
    }
  }

  /** Another backend starts, or the one that runs has failed: the message of the next frame says so. */
  private readonly onLost = (error: Error): null => {
    if (!/was closed/.test(error.message)) {
      this.stopCamera();
      throw error;
    }
    return null;
  };

  private stopCamera(): void {
    if (!this.camera.isOn) return;
    this.camera.stop();
    this.button.textContent = 'Start the camera';
    this.clear();
    this.stage.showNothing();
    this.actions.onCamera(false);
  }

  private async usePhotos(files: readonly File[]): Promise<void> {
    this.stopCamera();
    const photos = files.map((file): ChosenPhoto => ({ file, sight: null }));
    this.film.replace(photos);
    if (photos[0]) await this.showPhoto(photos[0]);
  }

  private async showPhoto(photo: ChosenPhoto): Promise<void> {
    this.stopCamera();
    this.clear();
    this.shown = photo;
    this.film.mark(photo);
    if (!photo.sight) {
      this.summarise('Looking for faces …');
      try {
        // Without a backend, `repeat` looks at the photo later.
        photo.sight = (await this.actions.look({ source: photo.file, need: 'all' })) ?? null;
      } catch (error) {
        if (this.shown === photo) {
          this.clear();
          this.shown = null;
          this.stage.showNothing();
        }
        throw error;
      }
    }
    // The user has chosen another picture meanwhile.
    if (this.shown !== photo || !photo.sight) return;
    if (photo.sight.picture) this.stage.showPhoto(photo.sight.picture);
    find('rate-figure').textContent = '–';
    await this.show(photo.sight);
  }

  /** Shows who is on a picture. */
  private async show(sight: Sight): Promise<void> {
    const faces: KnownFace[] = [];
    for (const face of sight.faces) {
      faces.push({ ...face, recognition: face.embedding && (await this.people.recognise(face.embedding)) });
    }
    this.last = { sight, faces };
    this.stage.mark(sight, faces);
    this.list.show(faces);
    const embedded = faces.filter(({ embedding }) => embedding !== null).length;
    find('search-figure').textContent = millisecondsText(sight.searchTime);
    find('face-figure').textContent = embedded === 0 ? '–' : millisecondsText(sight.embeddingTime / embedded);
    this.showThreshold(faces);
    const names = namesText(faces.map(faceName));
    this.summarise(
      faces.length === 0
        ? 'No face was found on this picture. Come nearer, turn to the camera, or choose another photo.'
        : `${countText(faces.length, 'face')}: ${names}.`,
    );
  }

  private showThreshold(faces: readonly KnownFace[]): void {
    const recognition = faces.find((face) => face.recognition)?.recognition;
    const isDecided = recognition != null && recognition.cosine !== null;
    find('threshold-figure').textContent = isDecided ? cosineText(recognition.threshold) : '–';
    const { question, search } = recognition?.search ?? {};
    const among =
      question?.kind === 'gallery'
        ? ` for a search among ${countText(question.size, 'person', 'people')}`
        : '';
    const alarms = search?.falseAlarms;
    const cost = alarms == null ? '' : ` Of the strangers, ${percentText(alarms)} are taken for somebody.`;
    find('threshold-text').textContent = isDecided
      ? `A face is a person if their cosine is at least ${cosineText(recognition.threshold)}, the threshold of the network${among}.${cost}`
      : '';
  }

  /** Says what is on the picture; screen readers hear it if it has changed. */
  private summarise(text: string): void {
    find('summary').textContent = text;
    this.stage.describe(text);
    if (text !== this.said) announce(text);
    this.said = text;
  }

  private forgetPhotos(): void {
    this.shown = null;
    this.film.replace([]);
    this.clear();
  }

  private clear(): void {
    this.last = null;
    this.said = '';
    this.list.show([]);
    this.showThreshold([]);
    find('summary').textContent = '';
    for (const name of ['search', 'face', 'rate']) find(`${name}-figure`).textContent = '–';
  }
}

function millisecondsText(time: number): string {
  return `${time < 10 ? time.toFixed(1) : Math.round(time)}\u00a0ms`;
}
