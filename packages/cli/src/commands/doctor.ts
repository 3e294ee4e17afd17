import type { ImageSource } from '@openset/data';
import { findCopies, findNearCopies } from '../doctor/copy-findings.ts';
import { countLevel, doctorText, type SetFacts } from '../doctor/doctor-text.ts';
import { findByEmbedding } from '../doctor/embedding-findings.ts';
import { type Finding, type FindingLevel, findingKinds } from '../doctor/findings.ts';
import { findDamaged, findLeftOut, findUnusual, summarizeImages } from '../doctor/image-findings.ts';
import { ImageScan } from '../doctor/image-scan.ts';
import { findPairsOverlap } from '../doctor/pairs-overlap.ts';
import { countImages, findPeople, summarizePeople } from '../doctor/people-findings.ts';
import { exitCodes } from '../exit-codes.ts';
import type { ImageReading } from '../images/image-reading.ts';
import { openImages } from '../images/open-images.ts';
import { checkImagesOption } from '../images/open-pair-set.ts';
import { embedImages } from '../model/embed-images.ts';
import { loadModel, readingFor } from '../model/load-model.ts';
import type { CommandResult, Output } from '../output.ts';
import { type BackendChoice, startBackend } from '../start-backend.ts';

/** Options of `openset doctor`. */
export interface DoctorOptions extends ImageReading, BackendChoice {
  /** Path of labelled images: a folder, a list or a record file. */
  readonly data: string;
  /** Path of pairs that will be evaluated on. */
  readonly pairs?: string | undefined;
  /** Folder that the paths in `pairs` are relative to. */
  readonly images?: string | undefined;
  /** Path of a model, to find what only embeddings show. */
  readonly model?: string | undefined;
}

/** Result of `openset doctor`. */
export interface DoctorResult extends SetFacts {
  readonly data: string;
  readonly findings: readonly Finding[];
  /** Number of findings of each level. */
  readonly levels: Readonly<Record<FindingLevel, number>>;
}

/**
 * Checks labelled images before training. Reads each image once and changes nothing.
 * @returns exit code 1 if something must be mended
 * @throws ConfigError for `images` without `pairs`; DataError if the set or the pairs cannot be opened
 */
export async function doctor(options: DoctorOptions, output: Output): Promise<CommandResult<DoctorResult>> {
  checkImagesOption(options.pairs, options.images);
  // The report says what is left out.
  const source = await openImages(options.data, { ...output, note: () => {} });
  try {
    const scan = new ImageScan(source, options);
    const alike = await readAll(options, scan, output);
    const { facts, found } = await findAll(options, scan, source, output);
    return report(options, facts, [...found, ...alike]);
  } finally {
    await source.close();
  }
}

/** Reads all images, and embeds them if there is a model. @returns what the embeddings show */
async function readAll(
  { model: path, ...options }: DoctorOptions,
  scan: ImageScan,
  output: Output,
): Promise<Finding[]> {
  if (path === undefined) {
    await scan.readAll(progress(output, 'images'));
    return [];
  }
  await startBackend(options, output);
  const model = await loadModel(path);
  const reading = { ...readingFor(model, options), onBadImage: 'skip', maxBad: undefined } as const;
  try {
    const embeddings = await embedImages(model.verifier, scan.source, output, reading);
    return findByEmbedding(embeddings, scan.source, scan.hashes, model.description.threshold);
  } catch (error) {
    // Nothing is left to embed, which the report says.
    if (scan.damaged.size < scan.source.size) throw error;
    return [];
  } finally {
    model.dispose();
  }
}

async function findAll(options: DoctorOptions, scan: ImageScan, source: ImageSource, output: Output) {
  const counts = countImages(source, (index) => scan.damaged.has(index));
  const imageFacts = summarizeImages(scan);
  const peopleFacts = summarizePeople(counts);
  const found = [
    ...findDamaged(scan),
    ...findPeople(source, counts, peopleFacts),
    ...findCopies(scan, source),
    ...findNearCopies(scan, source, progress(output, 'search for near copies')),
    ...findUnusual(scan, imageFacts),
    ...findLeftOut(source),
    ...(options.pairs === undefined
      ? []
      : await findPairsOverlap(
          { path: options.pairs, images: options.images },
          scan,
          source,
          progress(output, 'images of the pairs'),
        )),
  ];
  return { facts: { images: source.size, ...peopleFacts, ...imageFacts }, found };
}

function report(
  { data }: DoctorOptions,
  facts: SetFacts,
  found: readonly Finding[],
): CommandResult<DoctorResult> {
  const order = Object.keys(findingKinds);
  const sorted = [...found].sort((one, other) => order.indexOf(one.kind) - order.indexOf(other.kind));
  const levels = {
    mend: countLevel(found, 'mend'),
    warning: countLevel(found, 'warning'),
    note: countLevel(found, 'note'),
  };
  return {
    data: { data, ...facts, findings: sorted, levels },
    text: doctorText(facts, sorted),
    exitCode: levels.mend > 0 ? exitCodes.no : exitCodes.success,
  };
}

function progress(output: Output, what: string): (done: number, total: number) => void {
  const counter = output.counter(what);
  return (done, total) => counter.update(done, total);
}
