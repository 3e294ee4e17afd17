import { BackendPanel } from '@openset-examples/browser-page/backend-panel.ts';
import { announce, create, find } from '@openset-examples/browser-page/dom.ts';
import { withNotice } from '@openset-examples/browser-page/notices.ts';
import { cosineText, percentText } from '@openset-examples/browser-page/texts.ts';
import { WorkerCalls } from '@openset-examples/browser-page/worker-calls.ts';
import type { LossChoice, TrainingFunctions, TrainingNews, WorkerFacts } from '../messages.ts';
import { ChartsPanel } from './charts-panel.ts';
import { ImagesPanel } from './images-panel.ts';
import { RunStore } from './run-store.ts';
import { RunsPanel } from './runs-panel.ts';
import { VerifyPanel } from './verify-panel.ts';

// The page: its parts, and what one needs from another.

let losses: readonly LossChoice[] = [];
let isTraining = false;
let hasModel = false;
/** Whether the address asks for a training as soon as one is possible. */
let startsAlone = new URLSearchParams(location.search).has('train');

document.documentElement.classList.toggle('embedded', window.parent !== window);

const charts = new ChartsPanel();
const images = new ImagesPanel(update);
/** The trained network between two workers. */
let kept: Uint8Array | null = null;
const backends = new BackendPanel<WorkerCalls<TrainingFunctions, TrainingNews>, WorkerFacts>({
  open: () =>
    new WorkerCalls(new Worker(new URL('../worker/worker.ts', import.meta.url), { type: 'module' }), (news) =>
      charts.add(news),
    ),
  async start(worker, request) {
    const facts = await worker.call('start', request);
    if (kept) await worker.call('load', { bytes: kept });
    return facts;
  },
  async leave(worker) {
    kept = (await worker.call('encode').catch(() => null)) ?? kept;
  },
  onChange(facts) {
    if (facts) {
      kept = null;
      if (losses.length === 0) listLosses(facts.losses);
    }
    update();
    verify.update();
  },
});
const verify = new VerifyPanel(() => ({
  takeSample: () => images.takeSample(),
  compare:
    hasModel && backends.worker && !isTraining
      ? (first, second) => backends.worker!.call('compare', { first, second })
      : null,
  addDrawings: (className, drawn) => images.addDrawings(className, drawn),
}));
const runs = new RunsPanel(new RunStore(), {
  async current() {
    const history = charts.history();
    if (!history || !backends.worker) throw new Error('There is no run to save. Train a network first.');
    const last = history.measurements.at(-1);
    const accuracy = last?.trained.accuracy;
    const name = accuracy == null ? history.loss : `${history.loss}, ${percentText(accuracy)}`;
    return { name, savedAt: new Date(), model: await backends.worker.call('encode'), history };
  },
  async show({ model, history }) {
    if (!backends.worker)
      throw new Error('The backend has not started yet. Wait for it, and load the run again.');
    await backends.worker.call('load', { bytes: model });
    charts.show(history);
    hasModel = true;
    update();
    verify.update();
  },
});

const lossChoice = find('loss-choice', HTMLSelectElement);
lossChoice.addEventListener('change', describeLoss);
find('train-form').addEventListener('submit', (event) => {
  event.preventDefault();
  void withNotice(train);
});
find('stop-button').addEventListener('click', () => void backends.worker?.call('stop'));

void withNotice(() => images.loadDigits());
void backends.start();
void withNotice(() => runs.list());

async function train(): Promise<void> {
  const set = images.set();
  const { worker } = backends;
  if (!set || !worker || isTraining) return;
  isTraining = true;
  const [hadModel, before] = [hasModel, charts.history()];
  hasModel = false;
  update();
  verify.update();
  const settings = { loss: lossChoice.value, epochs: Number(find('epochs-choice', HTMLSelectElement).value) };
  charts.start({
    loss: settings.loss,
    classNames: set.classNames,
    unseenNames: set.unseen?.classNames ?? [],
  });
  announce('The training has started.');
  try {
    const { steps, seconds, isStopped } = await worker.call('train', { images: set, settings });
    charts.end(steps, seconds);
    hasModel = true;
    announce(endText(isStopped));
  } catch (error) {
    charts.fail(before);
    hasModel = hadModel;
    throw error;
  } finally {
    isTraining = false;
    update();
    verify.update();
  }
}

function endText(isStopped: boolean): string {
  const last = charts.history()?.measurements.at(-1);
  const result =
    last?.threshold == null
      ? ''
      : ` The threshold is ${cosineText(last.threshold)}; ${percentText(last.trained.accuracy!)} of new pairs are right.`;
  return `The training ${isStopped ? 'was stopped' : 'is over'}.${result}`;
}

/** Shows which actions are possible now. */
function update(): void {
  const isReady = backends.worker !== null && !isTraining;
  find('train-button', HTMLButtonElement).disabled = !isReady || images.set() === null;
  find('stop-button', HTMLButtonElement).disabled = !isTraining;
  backends.allowChanges(!isTraining);
  runs.allowSaving(isReady && hasModel);
  if (!startsAlone || !isReady || images.set() === null) return;
  startsAlone = false;
  void withNotice(train);
}

function listLosses(known: readonly LossChoice[]): void {
  losses = known;
  lossChoice.replaceChildren(...known.map(({ word }) => create('option', { value: word }, word)));
  describeLoss();
}

function describeLoss(): void {
  const chosen = losses.find(({ word }) => word === lossChoice.value);
  if (!chosen) return;
  const learned =
    chosen.threshold === 'embeddings'
      ? 'It learns the threshold between two images.'
      : chosen.threshold === null
        ? 'It learns no threshold, so the page measures one on held-out images.'
        : 'It learns a threshold between an image and a class; for two images, the page measures one on held-out images.';
  const summary = chosen.summary.replaceAll('`', '');
  find('loss-text').textContent = `${summary.charAt(0).toUpperCase()}${summary.slice(1)}. ${learned}`;
}
