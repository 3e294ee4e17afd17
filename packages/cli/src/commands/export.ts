import { exportOnnx, type OnnxExportOptions } from '@openset/onnx';
import { checkFilePlace } from '../files/check-place.ts';
import { writeAtOnce } from '../files/write-at-once.ts';
import { type LoadedModel, loadModel, modelFile } from '../model/load-model.ts';
import type { CommandResult, Output } from '../output.ts';
import { type BackendChoice, startBackend } from '../start-backend.ts';

/** Options of `openset export`. */
export interface ExportOptions extends BackendChoice, Pick<OnnxExportOptions, 'flipSum' | 'normalize'> {
  readonly model: string;
  /** Path of the ONNX file. */
  readonly out: string;
  /** Whether the ONNX file takes pixels from 0 to 255 and scales them itself. */
  readonly preprocess?: boolean | undefined;
  /** Whether to fold batch norms into the convolutions before them. */
  readonly fold?: boolean | undefined;
}

/** What `openset export` answers. */
export interface ExportResult {
  readonly out: string;
  readonly bytes: number;
  readonly threshold: number;
  readonly flipSum: boolean;
}

/**
 * Writes the network of a model as ONNX, its threshold in the metadata.
 * @throws OpenSetError for a model or a place that cannot be used
 */
export async function exportModel(
  options: ExportOptions,
  output: Output,
): Promise<CommandResult<ExportResult>> {
  const { out, flipSum = false } = options;
  await checkFilePlace(out, await modelFile(options.model));
  await startBackend(options, output);
  const model = await loadModel(options.model);
  try {
    const { threshold, flipSum: wasSummed = true } = model.description;
    if (wasSummed && !flipSum) {
      output.note(
        'The threshold was found for sums of the embeddings of an image and of its mirror image: export with --flip-sum, or ' +
          'add the two yourself.',
      );
    }
    if (!wasSummed && flipSum) {
      output.note(
        'The threshold was found for embeddings of images alone, not for sums with those of their mirror images: export ' +
          'without --flip-sum.',
      );
    }
    const bytes = await exportOnnx(model.backbone, onnxOptions(options, model));
    await writeAtOnce(out, bytes);
    return {
      data: { out, bytes: bytes.length, threshold, flipSum },
      text: `${out}: ${(bytes.length / 1e6).toFixed(1)} MB, threshold ${threshold.toFixed(4)} in its metadata.`,
    };
  } finally {
    model.dispose();
  }
}

function onnxOptions(
  { flipSum = false, preprocess = false, fold = false, normalize = false }: ExportOptions,
  { description }: LoadedModel,
): OnnxExportOptions {
  const { threshold, loss } = description;
  return {
    flipSum,
    normalize,
    foldBatchNorms: fold,
    preprocessing: preprocess ? 'inside' : 'outside',
    threshold: { cosine: threshold, between: 'embeddings' },
    ...(loss ? { lossConfig: loss } : {}),
  };
}
