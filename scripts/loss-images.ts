// Draws the images of the losses in docs/images/losses with the code of the losses: npm run loss-images
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import * as tf from '@tensorflow/tfjs-core';
import '@tensorflow/tfjs-backend-cpu';
import { lossImages } from '../tests/support/loss-images/loss-images.ts';
import { rootFolder } from '../tests/support/workspace.ts';

await tf.setBackend('cpu');
const folder = join(rootFolder, 'docs', 'images', 'losses');
mkdirSync(folder, { recursive: true });
for (const [name, draw] of Object.entries(lossImages))
  writeFileSync(join(folder, `${name}.svg`), `${draw()}\n`);
