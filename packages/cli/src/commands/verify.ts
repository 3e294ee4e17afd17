import type { Verification } from '@openset/verify';
import { percent } from '../evaluation/texts.ts';
import { exitCodes } from '../exit-codes.ts';
import { imageFileSource } from '../images/image-files.ts';
import type { ImageReading } from '../images/image-reading.ts';
import { embedImages } from '../model/embed-images.ts';
import { type DecisionOptions, loadModel } from '../model/load-model.ts';
import type { CommandResult, Output } from '../output.ts';
import { startBackend } from '../start-backend.ts';

/** Options of `openset verify`. */
export interface VerifyOptions
  extends DecisionOptions,
    Pick<ImageReading, 'orientation' | 'failOn' | 'maxPixels'> {
  readonly first: string;
  readonly second: string;
}

/**
 * Decides whether two images show the same person.
 * @returns exit code 0 for the same person, 1 for different people
 * @throws OpenSetError for a model or an image that cannot be used
 */
export async function verify(options: VerifyOptions, output: Output): Promise<CommandResult<Verification>> {
  await startBackend(options, output);
  const { verifier, dispose } = await loadModel(options.model, options.threshold);
  try {
    const images = imageFileSource([options.first, options.second]);
    const embeddings = await embedImages(verifier, images, output, options);
    const answer = verifier.compare(embeddings.row(0), embeddings.row(1));
    return {
      data: answer,
      text: resultText(answer),
      exitCode: answer.same ? exitCodes.success : exitCodes.no,
    };
  } finally {
    dispose();
  }
}

function resultText({ same, cosine, threshold, probability }: Verification): string {
  const sure = probability === null ? '' : `, probability of the same person ${percent(probability)}`;
  const relation = same ? 'reaches' : 'is below';
  return `${same ? 'same' : 'different'}: cosine ${cosine.toFixed(3)} ${relation} the threshold ${threshold.toFixed(3)}${sure}`;
}
