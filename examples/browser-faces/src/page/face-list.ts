import { cosineScale } from '@openset-examples/browser-page/cosine-scale.ts';
import { create, find } from '@openset-examples/browser-page/dom.ts';
import { probabilityText } from '@openset-examples/browser-page/texts.ts';
import { faceName, faceState, type KnownFace } from './stage.ts';

/** A line of the list. It stays while the faces of the camera change, so that its button can be pressed. */
interface FaceLine {
  readonly item: HTMLLIElement;
  readonly name: HTMLHeadingElement;
  readonly evidence: HTMLDivElement;
  readonly enroll: HTMLButtonElement;
  face: KnownFace;
}

/** The faces of the picture, each with the cosine, the threshold and the probability. */
export class FaceList {
  private readonly list = find('faces');
  private readonly lines: FaceLine[] = [];
  private readonly onEnroll: (face: KnownFace) => void;

  /** @param onEnroll called with a face that the user wants to enroll */
  constructor(onEnroll: (face: KnownFace) => void) {
    this.onEnroll = onEnroll;
  }

  show(faces: readonly KnownFace[]): void {
    for (const line of this.lines.splice(faces.length)) line.item.remove();
    faces.forEach((face, place) => {
      const line = this.lines[place] ?? this.addLine(face);
      line.face = face;
      line.item.className = faceState(face);
      line.name.textContent = faceName(face);
      line.evidence.replaceChildren(...evidence(face));
      line.enroll.hidden = face.embedding === null;
    });
  }

  private addLine(face: KnownFace): FaceLine {
    const [name, evidence] = [create('h3'), create('div', { class: 'evidence' })];
    const enroll = create(
      'button',
      { type: 'button', click: () => this.onEnroll(line.face) },
      'Enroll this face',
    );
    const item = create('li', {}, create('div', { class: 'title-row' }, name, enroll), evidence);
    const line: FaceLine = { item, name, evidence, enroll, face };
    this.list.append(item);
    this.lines.push(line);
    return line;
  }
}

/** Returns what speaks for a name. */
function evidence({ reason, recognition }: KnownFace): Node[] {
  if (reason !== null) return [create('p', {}, `${reason.charAt(0).toUpperCase()}${reason.slice(1)}.`)];
  const [nearest, ...others] = recognition?.candidates ?? [];
  if (!recognition || !nearest) return [create('p', {}, 'Nobody is enrolled yet.')];
  const { cosine, threshold, probability, identity } = recognition;
  const subject = identity === null ? `Nearest, but below the threshold: ${nearest.identity}. ` : '';
  const sureness =
    probability === null
      ? ''
      : `Probability that it is ${nearest.identity}: ${probabilityText(probability)}.`;
  return [
    cosineScale({ cosine: cosine!, threshold }, { from: 0, others: others.map((other) => other.cosine) }),
    create('p', {}, subject + sureness),
  ];
}
