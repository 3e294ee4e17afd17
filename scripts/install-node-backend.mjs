// Installs @tensorflow/tfjs-node in the project of the current folder, even if its own installer fails: behind a firewall
// that allows a Python package index but not the download site of the installer, or on a version of Node without a prebuilt
// binary. See docs/node-backend.md.
//
//   node install-node-backend.mjs [--wheel FILE] [--tensorflow VERSION] [--from-wheel]
//
// The script first tries the package's own installer, except with --from-wheel or --wheel. If that fails, it takes the library
// from a `tensorflow-cpu` wheel of Python, and compiles the binding against it. This needs a C++ compiler, `make`, and Python
// with pip, on Linux on x64 or arm64.
import { execFileSync, spawnSync } from 'node:child_process';
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  renameSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';

const version = '4.22.0';
const { values: options } = parseArgs({
  options: {
    wheel: { type: 'string' },
    tensorflow: { type: 'string', default: '2.21.0' },
    'from-wheel': { type: 'boolean', default: false },
  },
});

try {
  main();
} catch (error) {
  const reason = error instanceof Error ? error.message.split('\n')[0] : String(error);
  console.log(`The node backend was not installed: ${reason}`);
  process.exitCode = 1;
}

function main() {
  if (works()) return console.log('The node backend is already installed.');
  const folder = installPackage();
  if (!options['from-wheel'] && !options.wheel) {
    console.log("Trying the package's own installer …");
    run('npm', ['rebuild', '@tensorflow/tfjs-node', '--foreground-scripts'], {
      timeout: 600_000,
      quiet: true,
    });
    if (works()) return console.log('The node backend is installed.');
    console.log('The installer failed. Taking the library from a Python wheel instead …');
  }
  layOut(folder, unpackWheel());
  writeFileSync(join(folder, 'scripts', 'custom-binary.json'), '{"tf-lib":"unused"}\n');
  console.log('Compiling the binding …');
  run('npm', ['rebuild', '@tensorflow/tfjs-node', '--foreground-scripts'], { timeout: 600_000 });
  if (!works()) throw new Error('the compiled binding does not load. Check the output of npm above.');
  console.log('The node backend is installed.');
}

/** Returns whether the package loads and computes, in a separate process. */
function works() {
  const program = `
    require('node:util').isNullOrUndefined ??= (value) => value == null;
    const tf = require('@tensorflow/tfjs-node');
    process.exit(tf.getBackend() === 'tensorflow' && tf.add(1, 2).dataSync()[0] === 3 ? 0 : 1);`;
  const { status } = spawnSync(process.execPath, ['-e', program], { stdio: 'ignore', timeout: 120_000 });
  return status === 0;
}

/** Installs the package without running its installer. Returns its folder. */
function installPackage() {
  const find = () => {
    const { resolve } = createRequire(join(process.cwd(), 'package.json'));
    return join(resolve('@tensorflow/tfjs-node/package.json'), '..');
  };
  try {
    return find();
  } catch {
    console.log(`Installing @tensorflow/tfjs-node ${version} …`);
    run('npm', ['install', '--no-save', '--ignore-scripts', `@tensorflow/tfjs-node@${version}`]);
    return find();
  }
}

/** Downloads the wheel and unpacks its libraries and headers. Returns its folder `tensorflow`. */
function unpackWheel() {
  if (process.platform !== 'linux') throw new Error('unpacking a wheel works only on Linux.');
  const folder = mkdtempSync(join(tmpdir(), 'openset-tensorflow-'));
  process.on('exit', () => rmSync(folder, { recursive: true, force: true }));
  let wheel = options.wheel;
  if (!wheel) {
    console.log(`Downloading the wheel tensorflow-cpu ${options.tensorflow} …`);
    const requirement = `tensorflow-cpu==${options.tensorflow}`;
    run('python3', ['-m', 'pip', 'download', '--no-deps', '--quiet', '--dest', folder, requirement]);
    wheel = join(folder, readdirSync(folder).find((name) => name.endsWith('.whl')) ?? '');
  }
  if (!existsSync(wheel)) throw new Error(`the wheel '${wheel}' does not exist.`);
  console.log('Unpacking the wheel …');
  const program = `
import sys, zipfile
with zipfile.ZipFile(sys.argv[1]) as wheel:
    for name in wheel.namelist():
        if name.startswith('tensorflow/include/') or name.startswith('tensorflow/libtensorflow_'):
            wheel.extract(name, sys.argv[2])`;
  execFileSync('python3', ['-c', program, wheel, folder], { stdio: 'inherit' });
  return join(folder, 'tensorflow');
}

/** Moves libraries and headers to where the build of the binding expects them, under the names that it links. */
function layOut(folder, tensorflow) {
  const dependencies = join(folder, 'deps');
  rmSync(dependencies, { recursive: true, force: true });
  mkdirSync(join(dependencies, 'lib'), { recursive: true });
  move(join(tensorflow, 'include'), join(dependencies, 'include'));
  for (const [source, name] of [
    ['libtensorflow_cc.so.2', 'libtensorflow'],
    ['libtensorflow_framework.so.2', 'libtensorflow_framework'],
  ]) {
    const file = `${name}.so.2.9.1`;
    move(join(tensorflow, source), join(dependencies, 'lib', file));
    for (const link of new Set([`${name}.so`, `${name}.so.2`, source])) {
      symlinkSync(file, join(dependencies, 'lib', link));
    }
  }
}

/** Renames a file, or copies it if source and target are on different file systems. */
function move(source, target) {
  if (!existsSync(source)) throw new Error(`the wheel has no ${source.split('/tensorflow/').at(-1)}.`);
  try {
    renameSync(source, target);
  } catch {
    execFileSync('cp', ['-r', source, target]);
  }
}

function run(command, parameters, { timeout = 0, quiet = false } = {}) {
  const { status, error } = spawnSync(command, parameters, {
    stdio: quiet ? 'ignore' : ['ignore', 'inherit', 'inherit'],
    timeout,
  });
  if (quiet) return;
  if (error) throw new Error(`${command} does not run here (${error.message}).`);
  if (status !== 0)
    throw new Error(`'${command} ${parameters.slice(0, 3).join(' ')} …' failed with status ${status}.`);
}
