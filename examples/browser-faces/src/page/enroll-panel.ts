import type { PixelImage } from '@openset/data';
import { announce, create, find } from '@openset-examples/browser-page/dom.ts';
import { cosineText, countText } from '@openset-examples/browser-page/texts.ts';
import type { LookRequest, SeenFace, Sight } from '../functions.ts';
import type { Enrolled, People } from './people.ts';
import { onChoose, onDrop } from './photo-input.ts';

/** A face to enroll. */
interface Sample {
  readonly source: string;
  readonly embedding: Float32Array;
  readonly crop: PixelImage;
}

/** What the panel needs from the page. */
export interface EnrollActions {
  /** Looks at a picture in the worker. */
  look(request: LookRequest): Promise<Sight>;
  /** Called after a person was enrolled. */
  onEnrolled(): void;
}

/** The form that enrolls people. */
export class EnrollPanel {
  private readonly name = find('enroll-name', HTMLInputElement);
  private readonly submit = find('enroll-button', HTMLButtonElement);
  private readonly list = find('enroll-samples');
  private readonly problem = find('enroll-problem');
  private readonly result = find('enroll-result');
  private samples: Sample[] = [];
  private readonly people: People;
  private readonly actions: EnrollActions;

  constructor(people: People, actions: EnrollActions) {
    this.people = people;
    this.actions = actions;
    const form = find('enroll-form', HTMLFormElement);
    form.addEventListener('submit', (event) => {
      event.preventDefault();
      void this.enroll();
    });
    onChoose(find('enroll-input', HTMLInputElement), (files) => void this.addPhotos(files));
    onDrop(form, (files) => void this.addPhotos(files));
  }

  /** Adds a face of the picture on the page. */
  addFace({ embedding, crop }: SeenFace, source: string): void {
    if (!embedding || !crop) return;
    this.add([{ source, embedding, crop }]);
    this.showProblem(null);
    this.name.focus();
  }

  /** Allows enrolling, or not. */
  allow(isAllowed: boolean): void {
    this.submit.disabled = !isAllowed;
  }

  /** Adds the largest face of each photo. */
  private async addPhotos(files: readonly File[]): Promise<void> {
    const refused = new Set<string>();
    this.showProblem(null);
    for (const file of files) {
      try {
        const [face] = (await this.actions.look({ source: file, need: 'largest' })).faces;
        if (face?.embedding && face.crop)
          this.add([{ source: file.name, embedding: face.embedding, crop: face.crop }]);
        else refused.add(`${file.name}: ${face?.reason ?? 'no face was found. Choose another photo'}.`);
      } catch (error) {
        refused.add(error instanceof Error ? error.message : String(error));
      }
    }
    if (refused.size > 0) this.refuse([...refused].join(' '));
  }

  private add(samples: readonly Sample[]): void {
    this.setSamples([...this.samples, ...samples]);
    announce(`${countText(this.samples.length, 'face')} to enroll`);
  }

  private setSamples(samples: Sample[]): void {
    this.samples = samples;
    this.list.replaceChildren(
      ...samples.map((sample) => {
        const remove = () => {
          this.setSamples(this.samples.filter((other) => other !== sample));
          announce(`${sample.source} removed`);
          find('enroll-input').focus();
        };
        const label = `Do not enroll ${sample.source}`;
        const button = create('button', { type: 'button', 'aria-label': label, click: remove }, '×');
        return create('li', {}, thumbnail(sample), button);
      }),
    );
  }

  private async enroll(): Promise<void> {
    this.showProblem(null);
    this.result.replaceChildren();
    const name = this.name.value.trim();
    this.name.toggleAttribute('aria-invalid', name === '');
    if (name === '') return this.refuse('Type the name of the person.', this.name);
    if (this.samples.length === 0) {
      return this.refuse('Add a photo of the person, or take one from the camera.', find('enroll-input'));
    }
    const taken = this.samples;
    this.submit.disabled = true;
    try {
      const embeddings = taken.map(({ embedding, source }) => ({ values: embedding, source }));
      const enrolled = await this.people.enroll(name, embeddings);
      this.result.replaceChildren(...describe(enrolled, taken));
      announce(this.result.textContent ?? '');
      this.name.value = '';
      this.setSamples([]);
      this.actions.onEnrolled();
    } catch (error) {
      this.refuse(error instanceof Error ? error.message : String(error), this.name);
    } finally {
      this.submit.disabled = false;
    }
  }

  private refuse(text: string, place?: HTMLElement): void {
    this.showProblem(text);
    announce(text);
    place?.focus();
  }

  private showProblem(text: string | null): void {
    this.problem.textContent = text ?? '';
    this.problem.hidden = text === null;
  }
}

function describe({ person, isNew, warnings }: Enrolled, samples: readonly Sample[]): Node[] {
  const count = countText(samples.length, 'face');
  const text = isNew ? `${person.name} is enrolled with ${count}.` : `${count} added to ${person.name}.`;
  return [
    create('p', { class: 'done' }, text),
    ...warnings.map((warning) => {
      const subject =
        warning.kind === 'resembles'
          ? `could be ${warning.identity}, who is enrolled`
          : `resembles ${warning.kind === 'unlike-person' ? 'the earlier faces' : 'the other faces'} of ${person.name} little`;
      const { source } = samples[warning.index]!;
      return create(
        'p',
        { class: 'warning' },
        `Warning: ${source}: this face ${subject} (cosine ${cosineText(warning.cosine)}).`,
      );
    }),
  ];
}

/** Draws what the network saw of a face. */
function thumbnail({ crop: { data, height, width }, source }: Sample): HTMLCanvasElement {
  const canvas = create('canvas', { width, height, role: 'img', 'aria-label': source });
  const image = new ImageData(width, height);
  for (let pixel = 0; pixel < height * width; pixel++) {
    image.data.set(data.subarray(3 * pixel, 3 * pixel + 3), 4 * pixel);
    image.data[4 * pixel + 3] = 255;
  }
  canvas.getContext('2d')!.putImageData(image, 0, 0);
  return canvas;
}
