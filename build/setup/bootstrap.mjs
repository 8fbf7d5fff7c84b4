#!/usr/bin/env node
// node build/setup/bootstrap.mjs SCRIPT.ts [ARGUMENTS...]
//
// From a fresh clone to a running script: installs the npm packages when package-lock.json asks for other ones
// than are there, then runs the script with the project's own Node, which runs TypeScript as it is. Nothing is
// installed that the lock file does not name with its hash, the project's Node included.
// Plain JavaScript for Node 20 and later, without any dependency: nothing is installed yet when it starts.
import { spawn, spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { accessSync, constants, existsSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { withLock } from './lock.mjs';

const oldestNode = 20;
/** It runs TypeScript as it is. */
const oldestProjectNode = 24;
const repository = path.resolve(import.meta.dirname ?? path.dirname(new URL(import.meta.url).pathname), '../..');
const stampFile = path.join(repository, 'node_modules', '.switchyard-installed');
const binFolder = path.join(repository, 'node_modules', '.bin');

const say = (line) => process.stderr.write(`${line}\n`);

function fail(message, code = 1) {
  say(message);
  process.exit(code);
}

/** A package file's contents; what is missing or torn ends the set-up, with what to do. */
function readPackageFile(name) {
  const file = path.join(repository, name);
  if (!existsSync(file)) fail(`There is no ${file}: is this a whole clone? Then ${takeBack(name)}`);
  try {
    return JSON.parse(readFileSync(file, 'utf8'));
  } catch (error) {
    return fail(`${file} is damaged: ${error.message}\nNothing was installed. Mend it, or ${takeBack(name)}`);
  }
}

const takeBack = (names) => `take back what was committed:\n  cd ${repository} && git checkout -- ${names}`;

/**
 * The Node that runs the scripts. Where npm has a package of it for this kind of machine, that one, as package.json
 * lists it: its own folder is used, because npm makes no link in .bin on Windows. Elsewhere the Node that runs now.
 */
function findProjectNode() {
  const name = `node-${process.platform === 'win32' ? 'win' : process.platform}-${process.arch}`;
  const version = readPackageFile('package.json').optionalDependencies?.[name];
  if (version === undefined) {
    const hasIt = Number(process.versions.node.split('.')[0]) >= oldestProjectNode;
    if (hasIt) return { file: process.execPath, version: process.versions.node };
    return fail(
      `npm has no Node ${oldestProjectNode} for this kind of machine (${process.platform}, ${process.arch}), and the one here is ${process.versions.node}.\n` +
        `Install Node ${oldestProjectNode} or later (https://nodejs.org, or your system's packages) and try again.`,
    );
  }
  const program = process.platform === 'win32' ? 'node.exe' : 'node';
  return { file: path.join(repository, 'node_modules', name, 'bin', program), version };
}

/** What the installed packages depend on. */
function wantedStamp() {
  const hash = createHash('sha256');
  for (const name of ['package.json', 'package-lock.json']) {
    hash.update(name).update(readFileSync(path.join(repository, name)));
  }
  return hash.digest('hex');
}

function isInstalled() {
  try {
    accessSync(projectNode.file, constants.X_OK);
    return readFileSync(stampFile, 'utf8') === wantedStamp();
  } catch {
    return false;
  }
}

function runNpm(args) {
  const startedMs = performance.now();
  let output = '';
  return new Promise((resolve) => {
    // Packages print a lot while they install; it is shown when it matters, after a failure.
    const npm = spawn('npm', [...args, '--no-audit', '--no-fund'], {
      cwd: repository,
      stdio: ['ignore', 'pipe', 'pipe'],
      shell: process.platform === 'win32',
    });
    const ticker = setInterval(() => {
      say(`  still installing, ${Math.round((performance.now() - startedMs) / 1000)} s`);
    }, 10_000);
    const keep = (chunk) => {
      output += chunk;
    };
    npm.stdout.on('data', keep);
    npm.stderr.on('data', keep);
    npm.on('error', (error) => {
      clearInterval(ticker);
      resolve({ code: 127, output: `${output}npm does not start: ${error.message}` });
    });
    npm.on('close', (code) => {
      clearInterval(ticker);
      resolve({ code: code ?? 1, output });
    });
  });
}

async function install() {
  if (isInstalled()) return;
  readPackageFile('package-lock.json');
  const startedMs = performance.now();
  say('Installing npm packages (npm ci) ...');
  // Packages' own install scripts are not run: they fetch what no lock names, and compile for minutes what nobody uses.
  const { code, output } = await runNpm(['ci', '--ignore-scripts']);
  if (code !== 0) {
    fail(
      `${explainNpm(output)}\n\nThe npm packages could not be installed (npm ci ended with ${code}).\n${advise(output)}`,
    );
  }
  // A package for one kind of machine may fail to come without a word of npm, and a Node may be for another C library.
  const node = spawnSync(projectNode.file, ['--version'], { encoding: 'utf8' });
  if (node.stdout?.trim() !== `v${projectNode.version}`) {
    fail(
      `npm ci ended well, but ${projectNode.file} does not run as Node ${projectNode.version}: ${node.error?.message ?? (node.stdout + node.stderr).trim()}\n` +
        `Is the npm registry reachable, and does a Node from nodejs.org run on this system? Then try again.`,
    );
  }
  writeFileSync(stampFile, wantedStamp());
  say(`Installed npm packages (${((performance.now() - startedMs) / 1000).toFixed(1)} s)`);
}

/** What to do about a failure of npm. */
function advise(output) {
  if (output.includes('EUSAGE')) {
    return (
      'package-lock.json does not fit package.json. Nothing was installed, because only what is locked may be.\n' +
      `If you changed package.json, lock what it asks for, and commit both files:\n  cd ${repository} && npm install --package-lock-only\n` +
      `If not, ${takeBack('package.json package-lock.json')}`
    );
  }
  if (output.includes('EINTEGRITY')) {
    return (
      'The registry sent another package than the one that package-lock.json names by its hash. Nothing of it was run.\n' +
      `If the lock file is as it was committed, do not go on with this registry: ask whoever runs it.\nIf not, ${takeBack('package-lock.json')}`
    );
  }
  return `Look at the lines above; is the npm registry reachable? Then try again:\n  cd ${repository} && npm ci`;
}

/** What npm says went wrong, without its warnings and without its page of usage. */
function explainNpm(output) {
  const lines = output.split('\n').filter((line) => line.trim() !== '' && !line.startsWith('npm warn'));
  const usageAt = lines.findIndex((line) => /^npm error (Usage:|Clean install a project)/.test(line));
  return (usageAt < 0 ? lines : lines.slice(0, usageAt)).slice(-25).join('\n');
}

function runScript(script, args) {
  const env = { ...process.env };
  // Whatever the script starts by the name `node` or `npm` gets the same Node.
  env.PATH = [binFolder, path.dirname(projectNode.file), env.PATH ?? ''].join(path.delimiter);
  const child = spawn(projectNode.file, [script, ...args], { stdio: 'inherit', env });
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP', 'SIGQUIT']) {
    // A terminal sends Ctrl-C to the child as well: it decides how to end, and this process ends as it did.
    process.on(signal, () => {
      if (signal !== 'SIGINT' || !process.stdin.isTTY) child.kill(signal);
    });
  }
  child.on('error', (error) =>
    fail(`${projectNode.file} does not start: ${error.message}\nRemove node_modules and try again.`),
  );
  child.on('close', (code, signal) => {
    if (signal === null) process.exit(code ?? 1);
    for (const name of ['SIGINT', 'SIGTERM', 'SIGHUP', 'SIGQUIT']) process.removeAllListeners(name);
    process.kill(process.pid, signal);
  });
}

const [script, ...args] = process.argv.slice(2);
if (script === undefined) fail('usage: node build/setup/bootstrap.mjs SCRIPT.ts [ARGUMENTS...]', 2);
if (Number(process.versions.node.split('.')[0]) < oldestNode) {
  fail(
    `Node ${process.versions.node} is too old: this needs Node ${oldestNode} or later to start.\nInstall a current one (https://nodejs.org, or your system's packages) and try again.`,
  );
}
const projectNode = findProjectNode();
if (!isInstalled()) {
  await withLock(
    `install ${repository}`,
    () => say('Another process is installing the npm packages; waiting for it ...'),
    install,
  );
}
runScript(script, args);
