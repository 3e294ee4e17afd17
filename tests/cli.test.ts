import { spawn } from 'node:child_process';
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { writePeople } from '../packages/cli/src/__fixtures__/people-folder.ts';
import { writeSmallModel } from '../packages/cli/src/__fixtures__/small-model.ts';
import { useBackend } from '../packages/cli/src/backends.ts';
import { commandParameters } from './support/built-packages.ts';
import { runCommand } from './support/run-command.ts';
import { rootFolder } from './support/workspace.ts';

let folder: string;
beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'openset-command-'));
  await writePeople(join(folder, 'faces'), { people: 6, images: 4 });
  await writePeople(join(folder, 'others'), { people: 3, images: 3, first: 30 });
  await writePeople(join(folder, 'one-class'), { people: 1, images: 4 });
  await writePeople(join(folder, 'damaged'), { people: 5, images: 2 });
  writeFileSync(join(folder, 'damaged', 'person-2', 'image-0.png'), 'not an image');
  writeFileSync(join(folder, 'small.json'), JSON.stringify(small));
  writeFileSync(join(folder, 'wrong.json'), '{"epocs": 3}');
  writeFileSync(join(folder, 'text.safetensors'), 'not a model');
  writeFileSync(join(folder, 'wrong.csv'), 'one field\n');
  await useBackend('cpu');
  await writeSmallModel({ model: join(folder, 'sound.model'), weights: join(folder, 'sound.weights') });
  mkdirSync(join(folder, 'old-run'));
  writeFileSync(join(folder, 'old-run', 'config.json'), '{}');
});
afterAll(() => rmSync(folder, { recursive: true }));

const small = {
  network: { backbone: 'small-cnn', width: 4, embeddingSize: 8, inputSize: 16, channels: 3 },
  batchSize: 8,
};
const face = (person: number, number: number) => `faces/person-${person}/image-${number}.png`;
/** Options of a run that takes a second. */
const quick = ['--data', 'faces', '--config', 'small.json'];

/** Runs the command as a user does, in the folder of the images. */
function openset(...parameters: string[]) {
  return runCommand(process.execPath, [...commandParameters, ...parameters], { folder });
}

async function answerOf(...parameters: string[]) {
  const result = await openset(...parameters, '--json');
  expect(result.stdout, result.output).toMatch(/^\{.*\}\n$/);
  return { ...result, data: JSON.parse(result.stdout) };
}

it('trains, evaluates, calibrates, answers and converts', async () => {
  const trained = await answerOf('train', ...quick, '--epochs', '6');
  expect(trained.exitCode, trained.output).toBe(0);
  const { model, report, threshold } = trained.data;
  expect([model, report]).toEqual(['openset-run/model.safetensors', 'openset-run/report.html']);
  expect(trained.stderr).toMatch(/^images +24 images of 6 people, colour/);
  expect(readFileSync(join(folder, report), 'utf8')).toContain('</html>');

  const same = await answerOf('verify', face(0, 0), face(0, 1));
  expect([same.exitCode, same.data.same, same.data.threshold]).toEqual([0, true, threshold]);
  expect(same.stderr).toBe('');
  const stranger = 'others/person-30/image-0.png';
  const lines = await openset('verify', face(0, 0), stranger);
  expect([0, 1]).toContain(lines.exitCode);
  expect(lines.stdout).toMatch(
    /^(same|different): cosine .* probability of the same person .* %\nthreshold for pairs of which .* the same person\n$/,
  );

  const measured = await answerOf('evaluate', '--data', 'others', '--report', 'others.html');
  expect(measured.data).toMatchObject({ same: 9, different: 9, report: 'others.html' });
  const calibrated = await answerOf(
    'calibrate',
    '--data',
    'others',
    '--far',
    '0.04',
    '--out',
    'strict.safetensors',
  );
  expect(calibrated.data).toMatchObject({ before: threshold, different: 27, out: 'strict.safetensors' });
  const strict = await answerOf('verify', face(0, 0), face(0, 1), '--model', 'strict.safetensors');
  expect(strict.data.threshold).toBe(calibrated.data.threshold);
  const named = await answerOf('identify', face(3, 0), '--gallery', 'faces');
  expect(named.data.pictures[0].candidates).toHaveLength(5);
  expect((await answerOf('embed', 'others', '--out', 'others.npz')).data.pictures).toBe(9);
  const weights = ['sound.weights', '--network', 'small-cnn', '--width', '4', '--embedding-size', '8'];
  const size = ['--input-size', '16', '--threshold', '0.4', '--out', 'imported.safetensors'];
  expect((await answerOf('import', ...weights, ...size)).data).toMatchObject({ threshold: 0.4 });
  const onnx = await answerOf('export', '--out', 'model.onnx', '--flip-sum', '--preprocess', '--fold');
  expect(onnx.data).toMatchObject({ out: 'model.onnx', threshold, flipSum: true });
  expect((await answerOf('info')).data.running.name).toBe('wasm');
});

it('enrolls, finds, lists and forgets people in a file', async () => {
  const model = ['--model', 'sound.model'];
  const enrolled = await answerOf('enroll', '--data', 'faces', '--gallery', 'staff.db', ...model);
  expect(enrolled, enrolled.output).toMatchObject({ exitCode: 0, data: { enrolled: 24, refused: 0 } });
  const found = await answerOf('identify', face(3, 0), '--gallery', 'staff.db');
  expect([found.exitCode, found.data.pictures[0].identity]).toEqual([0, 'person-3']);
  expect(found.stderr).toMatch(/^model: sound\.model, as the gallery staff\.db$/m);
  const point = ['operating-point', '--gallery', 'staff.db', '--threshold', '0.999999'];
  expect((await answerOf('people', ...point)).data.operatingPoint.threshold).toBe(0.999999);
  // Nobody is asked, because standard input is no terminal.
  const gone = await answerOf('forget', 'person-3', '--gallery', 'staff.db');
  expect([gone.exitCode, gone.data.photos]).toEqual([0, 4]);
  const listed = await openset('people', '--gallery', 'staff.db');
  expect(listed.stdout.match(/^person-\d/gm)).toEqual(['0', '1', '2', '4', '5'].map((n) => `person-${n}`));
  const shown = await answerOf('people', '--gallery', 'staff.db', 'show', 'person-0');
  expect(shown.data.photos).toHaveLength(4);
  const nobody = await openset('forget', 'person-3', '--gallery', 'staff.db');
  expect(nobody).toMatchObject({ exitCode: 1, stdout: expect.stringContaining('There is nobody named') });
});

it('saves at Ctrl-C, and resumes to the model of the uninterrupted run', async () => {
  // Results do not depend on the number of threads.
  const long = [...quick, '--epochs', '24'];
  const whole = await openset('train', ...long, '--out', 'whole', '--threads', '2');
  expect(whole.exitCode, whole.output).toBe(0);
  const stopped = await interrupted('epoch 3 done', ['train', ...long, '--out', 'broken']);
  expect(stopped.exitCode, stopped.output).toBe(130);
  expect(stopped.stdout).toBe('Stopped and saved. Resume with: openset train --resume --out broken\n');
  expect(readdirSync(join(folder, 'broken'))).not.toContain('model.safetensors');
  const resumed = await openset('train', '--resume', '--out', 'broken', '--threads', '1');
  expect(resumed.exitCode, resumed.output).toBe(0);
  expect(resumed.stderr).toMatch(/^resumed after step \d+ from /m);
  const bytesOf = (run: string) => readFileSync(join(folder, run, 'model.safetensors'));
  expect(bytesOf('broken').equals(bytesOf('whole'))).toBe(true);
});

/** Runs the command and interrupts it when it has written a text. */
function interrupted(text: string, parameters: readonly string[]) {
  return new Promise<{ exitCode: number | null; stdout: string; output: string }>((resolve) => {
    const child = spawn(process.execPath, [...commandParameters, ...parameters], { cwd: folder });
    let [stdout, output, isStopped] = ['', '', false];
    child.stdout.setEncoding('utf8').on('data', (part: string) => {
      stdout += part;
      output += part;
    });
    child.stderr.setEncoding('utf8').on('data', (part: string) => {
      output += part;
      if (isStopped || !output.includes(text)) return;
      isStopped = true;
      child.kill('SIGINT');
    });
    child.on('close', (exitCode) => resolve({ exitCode, stdout, output }));
  });
}

describe.concurrent('errors of the user', () => {
  const foreign = ['--model', 'text.safetensors'];
  const sound = ['--model', 'sound.model'];
  it.each<[string, string[], RegExp]>([
    [
      'a missing folder',
      ['train', '--data', 'nowhere', '--out', 'new'],
      /There is no file or folder '.*nowhere'\./,
    ],
    ['an image for a folder', ['train', '--data', face(0, 0), '--out', 'new'], /is not a set of images/],
    ['no data', ['train'], /There is nothing to train on/],
    [
      'a folder of one class',
      ['train', '--data', 'one-class', '--out', 'new'],
      /has images of only one person/,
    ],
    [
      'a misspelt setting',
      ['train', ...quick, '--config', 'wrong.json'],
      /no 'epocs'\. Did you mean 'epochs'\?/,
    ],
    ['a misspelt option', ['train', '--epoch', '3'], /unknown option '--epoch' \(Did you mean --epochs\?\)/],
    ['an invalid number', ['train', '--minutes', 'ten'], /'ten' is invalid\. It must be a number above 0\./],
    [
      'a backend that is not installed',
      ['info', '--backend', 'node-gpu'],
      /needs the package @tensorflow\/tfjs-node-gpu/,
    ],
    ['an existing run', ['train', ...quick, '--out', 'old-run'], /already has a run/],
    ['a missing run', ['train', '--resume', '--out', 'new-run'], /has no run to resume/],
    ['a file for a folder', ['train', ...quick, '--out', 'small.json/new'], /is not a folder/],
    ['no model', ['verify', face(0, 0), face(0, 1), '--model', 'none'], /There is no model 'none'/],
    [
      'a foreign model',
      ['verify', face(0, 0), face(0, 1), ...foreign],
      /text\.safetensors: This is not a safetensors file/,
    ],
    ['a wrong list', ['evaluate', '--pairs', 'wrong.csv', ...sound], /wrong\.csv/],
    ['no test', ['evaluate', ...sound], /Give one of --pairs, --bin and --data/],
    ['a missing option', ['embed', 'faces'], /required option '--out <file>' not specified/],
    ['a missing output folder', ['export', '--out', 'new/m.onnx', ...sound], /there is no folder 'new'/],
    [
      'weights of no network',
      ['import', 'text.safetensors', '--network', 'lresnet-ir', '--threshold', '0.3', '--out', 'new'],
      /text\.safetensors: This is not a safetensors file/,
    ],
    ['a missing gallery', ['people', '--gallery', 'new.db'], /There is no gallery 'new\.db'/],
    ['nobody to enroll', ['enroll', '--gallery', 'new.db'], /Nobody to enroll: give a name and photos/],
    [
      'metadata that are no object',
      ['enroll', 'Ada', face(0, 0), '--metadata', '[1]', '--gallery', 'new.db'],
      /'\[1\]' is invalid\. It must be a JSON object/,
    ],
    ['an unknown command on people', ['people', 'shwo', 'Ada'], /no command .* Did you mean 'show'\?/],
    ['an unknown command', ['trian'], /unknown command 'trian' \(Did you mean train\?\)/],
  ])('%s', async (_, parameters, message) => {
    const { exitCode, stdout, stderr } = await openset(...parameters);
    expect(stderr.trimEnd().split('\n'), stderr).toHaveLength(1);
    expect(stderr).toMatch(/^openset: /);
    expect(stderr).toMatch(message);
    expect([exitCode, stdout]).toEqual([2, '']);
    expect(readdirSync(folder).filter((name) => name.startsWith('new'))).toEqual([]);
  });

  it('have a line for each image that cannot be read', async () => {
    const { exitCode, stdout, stderr } = await openset('train', '--data', 'damaged', '--out', 'new');
    expect([exitCode, stdout]).toEqual([2, '']);
    expect(stderr).toMatch(
      /^openset: 1 image cannot be read:\nopenset: {3}person-2\/image-0\.png: cannot decode the image: .+\nopenset: Mend .+\n$/,
    );
    expect(existsSync(join(folder, 'new'))).toBe(false);
  });

  it('have a stack trace with --debug', async () => {
    const { exitCode, stderr } = await openset('train', '--data', 'nowhere', '--out', 'new', '--debug');
    expect(exitCode).toBe(2);
    expect(stderr).toMatch(/DataError: There is no file or folder .*\n +at /);
  });
});

describe('a full disk', () => {
  /** Limits the size of files to a number of blocks: larger writes fail, as on a full disk. */
  const limited = (blocks: number, ...parameters: string[]) => {
    const shell = ['-c', `ulimit -f ${blocks}; exec "$@"`, 'bash', process.execPath, ...commandParameters];
    return runCommand('bash', [...shell, ...parameters], { folder });
  };

  const newRun = ['train', ...quick, '--steps', '4', '--out', 'new'];

  it.each([
    [
      'a file',
      1,
      ['embed', 'faces', '--model', 'sound.model', '--out', 'new.npz'],
      /'new\.npz' cannot be written: /,
    ],
    ['the images of a run', 1, newRun, /'new\/images\.jsonl' cannot be written: /],
    ['a run', 8, newRun, /new\/checkpoints cannot be written to: /],
  ])('leaves nothing behind after writing %s', async (_, blocks, parameters, message) => {
    const { exitCode, stdout, stderr } = await limited(blocks, ...parameters);
    expect(stderr.trimEnd().split('\n').at(-1)).toMatch(message);
    expect([exitCode, stdout]).toEqual([2, '']);
    expect(readdirSync(folder).filter((name) => name.startsWith('new'))).toEqual([]);
  });
});

describe.concurrent('a closed pipe', () => {
  /** Runs the command while the reader of a stream closes it: at once, or after the first text. */
  const closed = (stream: 'stdout' | 'stderr', when: 'at once' | 'later', parameters: readonly string[]) =>
    new Promise<{ exitCode: number | null; other: string }>((resolve) => {
      const child = spawn(process.execPath, [...commandParameters, ...parameters], { cwd: folder });
      if (when === 'at once') child[stream].destroy();
      else child[stream].once('data', () => child[stream].destroy());
      let other = '';
      child[stream === 'stdout' ? 'stderr' : 'stdout'].on('data', (part) => {
        other += part;
      });
      child.on('close', (exitCode) => resolve({ exitCode, other }));
    });
  const different = [face(0, 0), face(1, 0), '--model', 'sound.model', '--threshold', '1'];
  const fixture = join(rootFolder, 'packages/cli/src/__fixtures__/losses.json');

  it.each<[string, number, string[]]>([
    ['the help', 0, ['--help']],
    ['the help of a command', 0, ['train', '--help']],
    ['a long result', 0, ['schema']],
    ['JSON', 0, ['info', '--json']],
    ['an answer', 1, ['verify', ...different, '--json']],
  ])('of standard output ends quietly before %s', async (_, expected, parameters) => {
    expect(await closed('stdout', 'at once', parameters)).toEqual({ exitCode: expected, other: '' });
  });

  it('of standard output changes no exit code in the middle of the result', async () => {
    expect(await closed('stdout', 'later', ['conformance', fixture])).toEqual({ exitCode: 0, other: '' });
  });

  it.each(['at once', 'later'] as const)('of standard error closed %s costs no run', async (when) => {
    const out = `closed ${when}`;
    const { exitCode, other } = await closed('stderr', when, [
      'train',
      ...quick,
      '--steps',
      '4',
      '--out',
      out,
    ]);
    expect(exitCode).toBe(0);
    expect(other).toContain(`model              ${out}/model.safetensors`);
    expect(readdirSync(join(folder, out))).toContain('model.safetensors');
  });

  it('of standard error leaves the exit code of an error', async () => {
    expect(await closed('stderr', 'at once', ['trian'])).toEqual({ exitCode: 2, other: '' });
  });

  it.runIf(existsSync('/dev/full'))('is not a full disk, which is an error', async () => {
    const shell = ['-c', 'exec "$@" >/dev/full', 'bash', process.execPath, ...commandParameters];
    expect(await runCommand('bash', [...shell, 'schema'], { folder })).toMatchObject({
      exitCode: 2,
      stderr: 'openset: Cannot write to standard output: the disk is full.\n',
    });
  });
});

describe.concurrent('help', () => {
  const commands = [
    'train',
    'evaluate',
    'calibrate',
    'verify',
    'identify',
    'embed',
    'enroll',
    'export',
    'import',
    'info',
  ];
  it.each(commands)('of %s has an example and options', async (name) => {
    const { exitCode, stdout } = await openset(name, '--help');
    expect(exitCode).toBe(0);
    expect(stdout).toContain(`\nExample:\n  openset ${name}`);
    for (const option of ['--json', '--debug', '--backend']) expect(stdout).toContain(option);
  });

  it.each(['show', 'rename', 'export', 'import', 'info'])('of people %s names its gallery', async (name) => {
    const { exitCode, stdout } = await openset('people', name, '--help');
    expect(exitCode).toBe(0);
    expect(stdout).toContain(`\nExample:\n  openset people ${name}`);
    expect(stdout.replaceAll(/\s+/g, ' ')).toContain('(default: openset-gallery.db)');
  });

  it('lists all commands and the exit codes', async () => {
    const { exitCode, stdout } = await openset('--help');
    expect(exitCode).toBe(0);
    for (const name of [...commands, 'forget', 'people', 'conformance'])
      expect(stdout).toContain(`\n  ${name} `);
    expect(stdout).toContain('Exit codes: 0 done, 1 the answer is no');
  });
});
