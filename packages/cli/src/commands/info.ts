import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { availableParallelism, cpus, totalmem } from 'node:os';
import { networkKernels } from '@openset/backbones';
import { describeBackend, lossKernels } from '@openset/core';
import { optimizerKernels } from '@openset/train';
import * as tf from '@tensorflow/tfjs-core';
import manifest from '../../package.json' with { type: 'json' };
import { type BackendName, backendNames } from '../backend-names.ts';
import { missingPackage, type RunningBackend } from '../backends.ts';
import { isOnnxRuntimeInstalled } from '../engine/engine-choice.ts';
import { aligned, decimal } from '../evaluation/texts.ts';
import type { CommandResult, Output } from '../output.ts';
import { type BackendChoice, backendText, startBackend } from '../start-backend.ts';

/** Result of `openset info`. */
export interface InfoResult {
  readonly openset: string;
  readonly node: string;
  readonly platform: string;
  readonly processor: string;
  readonly cores: number;
  readonly memoryBytes: number;
  /** Versions of the packages that affect training; null if not installed. */
  readonly packages: Readonly<Record<string, string | null>>;
  /** First missing package of each backend; null if none is missing. */
  readonly backends: Readonly<Record<BackendName, string | null>>;
  /** Engines besides the backends, with the missing package of each; null if none is missing. */
  readonly engines: Readonly<Record<'onnxruntime', string | null>>;
  readonly running: BackendFacts;
}

/** Capabilities of the active backend. */
export interface BackendFacts {
  readonly name: BackendName;
  readonly threads: number | null;
  /** Number of registered kernels. */
  readonly kernels: number;
  /** Whether WebAssembly fuses multiplication and addition; null if the backend does not report it. */
  readonly relaxedSimd: boolean | null;
  /** Missing kernels that training requires. */
  readonly missing: readonly string[];
  /** Present kernels that are optional and make training faster. */
  readonly accelerating: readonly string[];
}

const packages = [
  '@tensorflow/tfjs-core',
  '@tensorflow/tfjs-backend-wasm',
  '@tensorflow/tfjs-node',
  '@tensorflow/tfjs-node-gpu',
  'webgpu',
  'onnxruntime-node',
  'sharp',
];

/** Describes the installation and the chosen backend. */
export async function info(options: BackendChoice, output: Output): Promise<CommandResult<InfoResult>> {
  const running = describeRunning(await startBackend(options, output));
  const [processor] = cpus();
  const data: InfoResult = {
    openset: manifest.version,
    node: process.versions.node,
    platform: `${process.platform} ${process.arch}`,
    processor: processor?.model.trim() ?? 'unknown',
    cores: availableParallelism(),
    memoryBytes: totalmem(),
    packages: Object.fromEntries(packages.map((name) => [name, versionOf(name)])),
    backends: Object.fromEntries(backendNames.map((name) => [name, missingPackage(name)])) as Record<
      BackendName,
      string | null
    >,
    engines: { onnxruntime: isOnnxRuntimeInstalled() ? null : 'onnxruntime-node' },
    running,
  };
  return { data, text: resultText(data) };
}

/** Describes the active backend. */
function describeRunning({ name, threads }: RunningBackend): BackendFacts {
  const { backend, relaxedSimd, missing, kernels } = describeBackend([
    lossKernels,
    networkKernels,
    optimizerKernels,
  ]);
  const accelerating = kernels.filter(({ required, present }) => !required && present);
  return {
    name,
    threads,
    kernels: tf.getKernelsForBackend(backend).length,
    relaxedSimd,
    missing,
    accelerating: accelerating.map((kernel) => kernel.name).sort(),
  };
}

function resultText(data: InfoResult): string {
  const { packages: versions, backends, engines, running } = data;
  return aligned([
    ['openset', data.openset],
    ['node', `${data.node}, ${data.platform}`],
    ['machine', `${data.processor}, ${data.cores} cores, ${decimal(data.memoryBytes / 2 ** 30, 1)} GiB`],
    ...Object.entries(versions).map(([name, version]): [string, string] => [
      name,
      version ?? 'not installed',
    ]),
    ...Object.entries(backends).map(([name, missing]): [string, string] => [
      `backend ${name}`,
      missing === null ? 'installed' : `needs ${missing}`,
    ]),
    ...Object.entries(engines).map(([name, missing]): [string, string] => [
      `engine ${name}`,
      missing === null ? 'installed' : `needs ${missing}`,
    ]),
    ['running', backendText(running)],
    ['fused multiply-add', { true: 'on', false: 'off', null: 'backend default' }[`${running.relaxedSimd}`]],
    ['kernels', `${running.kernels}`],
    ['missing for training', running.missing.join(', ') || 'none'],
    ['faster for training', running.accelerating.join(', ') || 'none'],
  ]);
}

/** Returns the version in a package's manifest; null if the package is not installed. */
function versionOf(name: string): string | null {
  const { resolve } = createRequire(import.meta.url);
  for (const folder of resolve.paths(name) ?? []) {
    try {
      const { version } = JSON.parse(readFileSync(`${folder}/${name}/package.json`, 'utf8'));
      return String(version);
    } catch {
      // Try the next folder.
    }
  }
  return null;
}
