import type { Command } from 'commander';
import type { DoctorOptions } from '../commands/doctor.ts';
import { addCommand, type CommonOptions, runCommand, withBackend, withDecoding } from './command-builder.ts';

/** Adds `openset doctor`. */
export function addDoctor(program: Command): void {
  const doctor = addCommand(program, {
    name: 'doctor',
    description: 'check images before training: damaged ones, copies, people with one image',
    example: [
      'openset doctor faces',
      'openset doctor faces --model openset-run                  # people with two names, wrong folders',
      'openset doctor faces --pairs lfw/pairs.txt --images lfw   # images that both have',
    ].join('\n'),
    exitCodes: '0 nothing to mend, 1 something must be mended, 2 error, 3 bug in openset',
  })
    .argument('<data>', 'labelled images: a folder with one folder for each person, a .rec file or a list')
    .option('--pairs <file>', 'pairs that you will evaluate on: finds images and people that both sets have')
    .option(
      '--images <folder>',
      'folder that the paths in --pairs are relative to (default: folder of the list)',
    )
    .option('--model <path>', 'model file or folder of a run: finds people and images that look alike to it');
  withBackend(withDecoding(doctor)).action(
    async (data: string, options: Omit<DoctorOptions, 'data'> & CommonOptions) => {
      const { doctor: run } = await import('../commands/doctor.ts');
      await runCommand(options, (output) => run({ ...options, data }, output));
    },
  );
}
