// @ts-check
/** @import { IdentifiedFace, IdentifyAnswer } from './api.js' */
import { cosineScale } from './cosine-scale.js';
import { create } from './dom.js';
import { cosineText, counted, percent, probabilityText, sentence } from './texts.js';

/**
 * Returns who a face is, in a word or two.
 * @param {IdentifiedFace} face
 */
export function faceName({ person, reason }) {
  if (reason !== null) return 'not recognised';
  return person?.name ?? 'unknown';
}

/**
 * Returns a sentence about all faces of a photo.
 * @param {IdentifyAnswer} answer
 */
export function summaryOf({ faces }) {
  if (faces.length === 0) return 'No face was found on this photo.';
  return `${counted(faces.length, 'face')}: ${faces.map(faceName).join(', ')}.`;
}

/**
 * Shows a photo with a box around each face.
 * @param {string} address of the photo
 * @param {IdentifyAnswer | null} answer null while the service is asked
 */
export function photoWithFaces(address, answer) {
  const photo = create('img', {
    src: address,
    alt: answer ? `The photo. ${summaryOf(answer)}` : 'The photo',
  });
  // Browsers do not show every format that the service reads.
  photo.addEventListener('error', () =>
    photo.replaceWith(create('p', { class: 'hint' }, 'This browser cannot show the photo.')),
  );
  const figure = create('div', { class: 'photo' }, photo);
  for (const [index, face] of (answer?.faces ?? []).entries()) {
    if (face.box && answer) figure.append(boxOf(face, index, answer));
  }
  return figure;
}

/**
 * @param {IdentifiedFace} face
 * @param {number} index
 * @param {IdentifyAnswer} answer
 */
function boxOf(face, index, { width, height }) {
  const box = create(
    'div',
    { class: `box ${stateOf(face)}`, 'aria-hidden': 'true', 'data-face': String(index) },
    create('span', {}, faceName(face)),
  );
  const {
    x,
    y,
    width: boxWidth,
    height: boxHeight,
  } = /** @type {NonNullable<IdentifiedFace['box']>} */ (face.box);
  box.classList.toggle('end', x + boxWidth / 2 > width / 2);
  box.style.left = `${(100 * x) / width}%`;
  box.style.top = `${(100 * y) / height}%`;
  box.style.width = `${(100 * boxWidth) / width}%`;
  box.style.height = `${(100 * boxHeight) / height}%`;
  return box;
}

/** @param {IdentifiedFace} face */
function stateOf({ person, reason }) {
  if (reason !== null) return 'refused';
  return person ? 'known' : 'unknown';
}

/**
 * Lists the faces of a photo, with what speaks for each name.
 * @param {IdentifyAnswer} answer
 */
export function faceList({ faces, threshold }) {
  return create(
    'ol',
    { class: 'faces', 'aria-label': 'Faces, from left to right' },
    ...faces.map((face, index) =>
      create(
        'li',
        { class: stateOf(face), 'data-face': String(index) },
        create('h3', {}, faceName(face)),
        ...evidence(face, threshold.threshold),
      ),
    ),
  );
}

/**
 * @param {IdentifiedFace} face
 * @param {number} threshold
 * @returns {Node[]}
 */
function evidence({ reason, cosine, probability, candidates, person }, threshold) {
  if (reason !== null) return [create('p', {}, sentence(reason))];
  if (cosine === null) return [create('p', {}, 'Nobody is enrolled yet.')];
  const [nearest, ...others] = candidates;
  const sureness =
    probability === null || !nearest
      ? null
      : create(
          'p',
          {},
          `Probability that it is ${nearest.name}: ${probabilityText(probability)}, if half of the faces are enrolled.`,
        );
  return [
    cosineScale(
      cosine,
      threshold,
      others.map((other) => other.cosine),
    ),
    ...(sureness ? [sureness] : []),
    ...(person || !nearest ? [] : [create('p', {}, `Nearest, but below the threshold: ${nearest.name}.`)]),
    ...(others.length > 0
      ? [
          create(
            'details',
            {},
            create('summary', {}, 'Nearest people'),
            create(
              'ol',
              { class: 'candidates' },
              ...candidates.map(({ name, cosine: own }) =>
                create('li', {}, `${name} `, create('span', { class: 'number' }, cosineText(own))),
              ),
            ),
          ),
        ]
      : []),
  ];
}

/**
 * Says which threshold decided.
 * @param {IdentifyAnswer} answer
 */
export function thresholdLine({ threshold, people }) {
  const { falseAlarms, isExtrapolated } = threshold;
  const cost =
    falseAlarms === null ? '' : ` Of the strangers, ${percent(falseAlarms)} are taken for somebody.`;
  const size = isExtrapolated
    ? ' The model was measured for fewer people: the threshold is extrapolated.'
    : '';
  return `Threshold ${cosineText(threshold.threshold)} among ${counted(people, 'person', 'people')}.${cost}${size}`;
}
