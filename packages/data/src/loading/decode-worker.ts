import { parentPort, workerData } from 'node:worker_threads';
import { selectNodeDecoder } from '../images/decode-image-node.ts';
import { prepareImages } from './prepare-images.ts';
import { unpackItems, type WorkerReply, type WorkerSetup, type WorkerTask } from './worker-messages.ts';

// The entry point of a worker thread: prepares chunks of batches as they arrive.

/** Two, so that one image is decoded while another is augmented. */
const concurrency = 2;

const { recipe, decoderOptions } = workerData as WorkerSetup;
const decoder = selectNodeDecoder(decoderOptions);

async function prepare({ id, pixels, bytes, items }: WorkerTask): Promise<WorkerReply> {
  try {
    const failures = await prepareImages(
      unpackItems({ bytes, items }),
      pixels,
      recipe,
      await decoder,
      concurrency,
    );
    return { id, pixels, failures };
  } catch (error) {
    return { id, pixels, failures: [], error: error instanceof Error ? error.message : String(error) };
  }
}

parentPort?.on('message', async (task: WorkerTask) => {
  const reply = await prepare(task);
  parentPort?.postMessage(reply, [reply.pixels.buffer as ArrayBuffer]);
});
