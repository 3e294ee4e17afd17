// @ts-check
import { find, showProblem } from './dom.js';
import { openDialog } from './open-dialog.js';

/** Longest side of a photo in pixels: more does not help to recognise a face. */
const longestSide = 1920;

/** @type {Readonly<Record<string, string>>} */
const problems = {
  NotAllowedError:
    'This page may not use the camera. Allow it in the settings of the browser, or choose a photo.',
  NotFoundError: 'There is no camera. Choose a photo instead.',
  NotReadableError: 'Another program uses the camera. Close it, or choose a photo.',
};

/** Lets a person take a photo. @returns {Promise<File | null>} null if they cancel */
export async function takePhoto() {
  const dialog = find('camera-dialog', HTMLDialogElement);
  const video = find('camera-video', HTMLVideoElement);
  const take = find('camera-take', HTMLButtonElement);
  const problem = find('camera-problem');
  const listening = new AbortController();
  const { signal } = listening;
  /** @type {MediaStream | null} */
  let stream = null;
  /** @type {File | null} */
  let photo = null;
  const stop = () => {
    for (const track of stream?.getTracks() ?? []) track.stop();
  };
  take.disabled = true;
  showProblem(problem, null);
  openCamera().then(
    (opened) => {
      stream = opened;
      // The dialog may be closed already.
      if (signal.aborted) return stop();
      video.srcObject = stream;
      return video.play().then(() => {
        take.disabled = false;
        take.focus();
      });
    },
    (error) =>
      showProblem(problem, problems[error?.name] ?? 'The camera cannot be used. Choose a photo instead.'),
  );
  take.addEventListener(
    'click',
    async () => {
      take.disabled = true;
      photo = await imageOf(video);
      dialog.close();
    },
    { signal },
  );
  find('camera-cancel').addEventListener('click', () => dialog.close(), { signal });
  await openDialog(dialog);
  listening.abort();
  stop();
  // Another opening may show its own picture already.
  if (!dialog.open) video.srcObject = null;
  return photo;
}

/** @returns {Promise<MediaStream>} */
async function openCamera() {
  // Browsers give pages a camera only over HTTPS, or on this machine.
  if (!navigator.mediaDevices) throw new DOMException('', 'NotAllowedError');
  return navigator.mediaDevices.getUserMedia({ video: { width: { ideal: 1280 }, facingMode: 'user' } });
}

/**
 * @param {HTMLVideoElement} video
 * @returns {Promise<File>}
 */
async function imageOf(video) {
  const scale = Math.min(1, longestSide / Math.max(video.videoWidth, video.videoHeight));
  const canvas = document.createElement('canvas');
  canvas.width = Math.round(scale * video.videoWidth);
  canvas.height = Math.round(scale * video.videoHeight);
  canvas.getContext('2d')?.drawImage(video, 0, 0, canvas.width, canvas.height);
  const blob = await new Promise((/** @type {BlobCallback} */ resolve) =>
    canvas.toBlob(resolve, 'image/jpeg', 0.95),
  );
  if (!blob) throw new Error('The camera gave no image.');
  return new File([blob], 'camera.jpg', { type: 'image/jpeg' });
}
