// @ts-check
/** @import { OperatingPointsAnswer } from './api.js' */
import { problemOf, request } from './api.js';
import { announce, create, find, showProblem } from './dom.js';
import { showLatest } from './show-latest.js';
import { cosineText, counted, exactPercent, percent } from './texts.js';

/** @typedef {OperatingPointsAnswer['points'][number]} Point */

/**
 * Starts the choice of the threshold.
 * @param {{ onChanged: () => void }} events
 * @returns {{ show: () => Promise<void> }} `show` reads the choices again
 */
export function startOperatingPoint({ onChanged }) {
  const form = find('point-form', HTMLFormElement);
  const choices = find('point-choices');
  const problem = find('point-problem');
  const submit = find('point-button', HTMLButtonElement);
  /** @type {OperatingPointsAnswer | null} */
  let known = null;
  /** Title of a choice that the person has made and not sent yet. @type {string | null} */
  let chosen = null;

  const show = showLatest(
    async () => /** @type {OperatingPointsAnswer} */ (await request('GET', 'operating-points')),
    (answer) => {
      known = answer;
      const { people, points, reason } = known;
      find('point-legend').textContent = `Threshold among ${counted(people, 'person', 'people')}`;
      choices.replaceChildren(
        ...choicesOf(known),
        ...(reason ? [create('p', { class: 'hint' }, reason)] : []),
      );
      for (const input of choices.querySelectorAll('input'))
        if (titleOf(input) === chosen) input.checked = true;
      submit.disabled = points.length === 0 && known.current.source !== 'operating-point';
      showProblem(problem, null);
    },
    (text) => showProblem(problem, text),
  );

  choices.addEventListener('change', ({ target }) => {
    if (target instanceof HTMLInputElement) chosen = titleOf(target);
  });
  form.addEventListener('submit', async (event) => {
    event.preventDefault();
    const wanted = String(new FormData(form).get('point'));
    const point = known?.points[Number(wanted)];
    if (!known || wanted === 'kept') return;
    submit.disabled = true;
    try {
      if (wanted === 'model') await request('DELETE', 'operating-point');
      else if (point) {
        const question = { kind: 'gallery', size: Math.max(1, known.people), rate: point.rate };
        await request('PUT', 'operating-point', { body: { threshold: point.threshold, question } });
      }
      announce('The threshold is chosen');
      chosen = null;
      await show();
      onChanged();
    } catch (error) {
      showProblem(problem, problemOf(error));
      announce(problemOf(error));
    } finally {
      submit.disabled = false;
    }
  });
  return { show };
}

/**
 * @param {OperatingPointsAnswer} answer
 * @returns {Node[]}
 */
function choicesOf({ current, model, points }) {
  const isOfModel = current.source !== 'operating-point';
  const rate = current.question?.kind === 'gallery' ? current.question.rate : undefined;
  const isCurrent = (/** @type {Point} */ point) =>
    !isOfModel && point.rate === rate && Math.abs(point.threshold - current.threshold) < 0.005;
  return [
    choice({
      value: 'model',
      isChecked: isOfModel,
      title: 'Threshold of the model',
      text: thresholdText(model),
    }),
    ...points.map((point, index) =>
      choice({
        value: String(index),
        isChecked: isCurrent(point),
        title: `${exactPercent(point.rate)} of strangers taken for somebody`,
        text: pointText(point),
        missed: point.missed,
      }),
    ),
    ...(isOfModel || points.some(isCurrent)
      ? []
      : [choice({ value: 'kept', isChecked: true, title: 'Chosen before', text: thresholdText(current) })]),
  ];
}

/**
 * Returns the title of a choice.
 * @param {HTMLInputElement} input
 */
function titleOf(input) {
  return input.closest('label')?.querySelector('strong')?.textContent ?? null;
}

/** @param {OperatingPointsAnswer['current']} threshold */
function thresholdText({ threshold, questionText }) {
  return `threshold ${cosineText(threshold)}${questionText ? `: ${questionText}` : ''}`;
}

/** @param {Point} point */
function pointText({ threshold, missed, isExtrapolated }) {
  const trust = isExtrapolated ? '; extrapolated from smaller galleries' : '';
  return `misses ${percent(missed)} of enrolled people, threshold ${cosineText(threshold)}${trust}`;
}

/** @param {{ value: string, isChecked: boolean, title: string, text: string, missed?: number }} choice */
function choice({ value, isChecked, title, text, missed }) {
  const bar = create('span', { class: 'bar', 'aria-hidden': 'true' });
  if (missed !== undefined) bar.style.setProperty('--share', String(missed));
  return create(
    'label',
    { class: 'choice' },
    create('input', { type: 'radio', name: 'point', value, checked: isChecked }),
    create(
      'span',
      {},
      create('strong', {}, title),
      create('small', {}, text),
      ...(missed === undefined ? [] : [bar]),
    ),
  );
}
