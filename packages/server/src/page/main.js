// @ts-check
/** @import { ModelAnswer } from './api.js' */
import { onMissingKey, readKey, request } from './api.js';
import { askForServiceKey } from './dialogs.js';
import { find } from './dom.js';
import { startEnrolling } from './enroll-panel.js';
import { startIdentifying } from './identify-panel.js';
import { startOperatingPoint } from './operating-point-panel.js';
import { startPeople } from './people-panel.js';
import { showLatest } from './show-latest.js';
import { counted } from './texts.js';

const keyButton = find('key-button');

const identifying = startIdentifying({ enroll: (photo) => enrolling.addPhoto(photo) });
const people = startPeople({ onChanged: () => update(), addPhotos: (name) => enrolling.addTo(name) });
const enrolling = startEnrolling({
  onEnrolled: () => {
    people.show();
    update();
  },
});
const point = startOperatingPoint({ onChanged: () => identifying.repeat() });

onMissingKey(async (refusal) => {
  keyButton.hidden = false;
  return askForServiceKey(refusal);
});
keyButton.addEventListener('click', async () => {
  if (await askForServiceKey()) showAll();
});

/** Shows what the gallery is now: the number of people, the thresholds, the answer about the photo. */
async function update() {
  await Promise.all([showModel(), point.show()]);
  identifying.repeat();
}

/** Shows the model, and how many people the gallery has. */
const showModel = showLatest(
  async () => /** @type {ModelAnswer} */ (await request('GET', 'model')),
  ({ name, gallery, comparison }) => {
    find('model-text').textContent = `model ${name}`;
    find('people-count').textContent =
      gallery.people === 0
        ? 'Nobody is enrolled yet.'
        : `${counted(gallery.people, 'person', 'people')}, ${counted(gallery.embeddings, 'photo')}. A face is compared with the ${comparison === 'best' ? 'nearest photo' : 'mean of all photos'} of each person.`;
    keyButton.hidden = readKey() === null;
  },
  (text) => {
    find('model-text').textContent = text;
  },
);

async function showAll() {
  await showModel();
  await Promise.all([people.show(), point.show()]);
}

showAll();
