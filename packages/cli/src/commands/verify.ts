import { describeQuestion, type ThresholdQuestion, type Verification, type Verifier } from '@openset/verify';
import { resolveEngine } from '../engine/engine-choice.ts';
import type { EngineFacts } from '../engine/open-engine.ts';
import { decimal, probabilityText } from '../evaluation/texts.ts';
import { exitCodes } from '../exit-codes.ts';
import { type FacePlace, facePlace, placeText } from '../faces/face-place.ts';
import { imageFileSource } from '../images/image-files.ts';
import type { Decoding, ImageReading } from '../images/image-reading.ts';
import { preloadDecoder } from '../images/preload-decoder.ts';
import { type EmbeddedFace, embedFaces } from '../model/embed-faces.ts';
import { type DecisionOptions, loadModel, readingFor } from '../model/load-model.ts';
import type { CommandResult, Output } from '../output.ts';
import { startBackend } from '../start-backend.ts';

/** Options of `openset verify`. */
export interface VerifyOptions extends DecisionOptions, Decoding, Pick<ImageReading, 'align'> {
  readonly first: string;
  readonly second: string;
}

/** Result of `openset verify`. */
export interface VerifyResult extends Verification {
  /** Question that the threshold answers; null if the user gave the threshold, or if it is unknown. */
  readonly question: ThresholdQuestion | null;
  /** What computed the embeddings. */
  readonly engine: EngineFacts | null;
  /** The face that was compared on each image; null for images that were taken whole. */
  readonly faces: readonly (FacePlace | null)[];
}

/**
 * Decides whether two images show the same person. Compares the largest face of each.
 * @returns exit code 0 for the same person, 1 for different people
 * @throws OpenSetError for a model or an image that cannot be used
 */
export async function verify(options: VerifyOptions, output: Output): Promise<CommandResult<VerifyResult>> {
  preloadDecoder();
  // For two images, the start counts: tfjs-node needs longer for it than wasm for the whole answer.
  const running = await startBackend(options, output, 'wasm');
  const request = { ...resolveEngine(options), running, images: 2, output };
  const model = await loadModel(options.model, options.threshold, request);
  const { verifier, description, engine, dispose } = model;
  try {
    const paths = [options.first, options.second];
    const images = imageFileSource(paths);
    const reading = readingFor(model, options);
    const embeddings = await embedFaces(verifier, images, 'largest', output, reading);
    for (const row of embeddings.rows) noteSeveralFaces(row, paths[row.photo]!, output);
    if (description.calibration && !verifier.calibration) output.note(unusedCalibrationNotice);
    const answer = verifier.compare(embeddings.row(0), embeddings.row(1));
    return {
      data: {
        ...answer,
        question: verifier.question,
        engine,
        faces: embeddings.rows.map(({ face }) => facePlace(face)),
      },
      text: resultText(answer, verifier),
      exitCode: answer.same ? exitCodes.success : exitCodes.no,
    };
  } finally {
    dispose();
  }
}

/** Notes which face of several is compared. */
function noteSeveralFaces({ face, faceCount }: EmbeddedFace, path: string, output: Output): void {
  if (!face || !faceCount || faceCount === 1) return;
  output.note(`${path}: several faces; the largest is compared, ${placeText(face)}`);
}

const unusedCalibrationNotice =
  "The model's probabilities are not used: they fall as the cosine rises, or make equal images unlikely to be the same " +
  "person. Its calibration had too few pairs, or wrong labels; 'openset calibrate' finds new ones.";

function resultText({ same, cosine, threshold, probability }: Verification, verifier: Verifier): string {
  const sure =
    probability === null
      ? ''
      : `, probability of the same person ${probabilityText(probability)}${oddsText(same, probability, verifier)}`;
  const relation = same ? 'reaches' : 'is below';
  const answer = `${same ? 'same' : 'different'}: cosine ${decimal(cosine, 3)} ${relation} the threshold ${decimal(threshold, 3)}${sure}`;
  return verifier.question ? `${answer}\nthreshold for ${describeQuestion(verifier.question)}` : answer;
}

/** Explains an answer that differs from the more probable one: the threshold asks for more than even odds, or for less. */
function oddsText(same: boolean, probability: number, verifier: Verifier): string {
  if (same === probability >= 0.5) return '';
  return `, at the threshold ${probabilityText(verifier.probability(verifier.threshold) as number)}`;
}
