import { exportOnnx, type OnnxExportOptions } from '@openset/onnx';
import { decimal } from '../evaluation/texts.ts';
import { checkOutputFile } from '../files/check-output.ts';
import { writeAtomically } from '../files/write-file.ts';
import { findModelFile, type LoadedModel, loadModel, type ModelOptions } from '../model/load-model.ts';
import { onnxSource } from '../model/onnx-source.ts';
import type { CommandResult, Output } from '../output.ts';
import { startBackend } from '../start-backend.ts';

/** Options of `openset export`. */
export interface ExportOptions extends ModelOptions, Pick<OnnxExportOptions, 'flipSum' | 'normalize'> {
  /** Path of the ONNX file. */
  readonly out: string;
  /** Whether the ONNX file takes pixels from 0 to 255 and scales them itself. */
  readonly preprocess?: boolean | undefined;
  /** Whether to fold batch norms into the convolutions before them. */
  readonly fold?: boolean | undefined;
}

/** Result of `openset export`. */
export interface ExportResult {
  readonly out: string;
  readonly bytes: number;
  readonly threshold: number;
  readonly flipSum: boolean;
}

/**
 * Writes the network of a model as ONNX, with the threshold, its question and the crop in the metadata.
 * @throws OpenSetError for a model or an output path that cannot be used
 */
export async function exportModel(
  options: ExportOptions,
  output: Output,
): Promise<CommandResult<ExportResult>> {
  const { out, flipSum = false } = options;
  await checkOutputFile(out, await findModelFile(options.model));
  await startBackend(options, output);
  const model = await loadModel(options.model);
  try {
    const { threshold, flipSum: isForFlipSum = true } = model.description;
    if (isForFlipSum && !flipSum) {
      output.note(
        'The threshold is for the sum of the embeddings of an image and its mirror image. Export with --flip-sum, or add ' +
          'the two embeddings yourself.',
      );
    }
    if (!isForFlipSum && flipSum) {
      output.note(
        'The threshold is for the embedding of the image alone, not for the sum with its mirror image. Export without ' +
          '--flip-sum.',
      );
    }
    const bytes = await exportOnnx(onnxSource(model.backbone), onnxOptions(options, model));
    await writeAtomically(out, bytes);
    return {
      data: { out, bytes: bytes.length, threshold, flipSum },
      text: `${out}: ${decimal(bytes.length / 1e6, 1)} MB, threshold ${decimal(threshold, 4)} in the metadata`,
    };
  } finally {
    model.dispose();
  }
}

function onnxOptions(
  { flipSum = false, preprocess = false, fold = false, normalize = false }: ExportOptions,
  { description }: LoadedModel,
): OnnxExportOptions {
  const { threshold, question = null, crop = null, loss, orientation } = description;
  return {
    flipSum,
    normalize,
    foldBatchNorms: fold,
    preprocessing: preprocess ? 'inside' : 'outside',
    threshold: { cosine: threshold, between: 'embeddings' },
    question,
    crop,
    ...(loss ? { lossConfig: loss } : {}),
    ...(orientation ? { metadata: { orientation } } : {}),
  };
}
