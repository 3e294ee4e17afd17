import { epochNumber } from '@openset/core';
import cliProgress from 'cli-progress';

/** Progress of one training run. */
export interface Progress {
  update(state: { images: number; epoch: number; loss: number }): void;
  stop(): void;
}

/** Shows a bar with rate and time left on a terminal; elsewhere prints a plain line after each epoch. */
export function startProgress(name: string, total: number, epochs: number): Progress {
  return process.stderr.isTTY ? terminalBar(name, total, epochs) : plainLines(name, total, epochs);
}

function terminalBar(name: string, total: number, epochs: number): Progress {
  const started = performance.now();
  const bar = new cliProgress.SingleBar({
    format: (options, { value, progress, eta }, payload) =>
      `${name.padEnd(12)} ${cliProgress.Format.BarFormat(progress, options)} epoch ${payload.epoch}/${epochs}  ` +
      `${Math.round(value / ((performance.now() - started) / 1000))} images/s  loss ${payload.loss}  ${eta} s left`,
    barsize: 24,
    hideCursor: true,
    clearOnComplete: true,
  });
  bar.start(total, 0, { epoch: 1, loss: '-' });
  return {
    update: ({ images, epoch, loss }) =>
      bar.update(images, { epoch: epochNumber(epoch), loss: loss.toFixed(3) }),
    stop: () => bar.stop(),
  };
}

function plainLines(name: string, total: number, epochs: number): Progress {
  const started = performance.now();
  let last = { images: 0, epoch: 0, loss: 0 };
  const print = () => {
    const seconds = (performance.now() - started) / 1000;
    const rate = Math.round(last.images / seconds);
    console.error(
      `${name}: epoch ${epochNumber(last.epoch)}/${epochs}, ${last.images}/${total} images, ${rate} images/s, loss ${last.loss.toFixed(3)}`,
    );
  };
  return {
    update: (state) => {
      if (state.epoch !== last.epoch) print();
      last = state;
    },
    stop: print,
  };
}
