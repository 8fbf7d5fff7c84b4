#!/usr/bin/env node
// node build/setup/bootstrap.mjs SCRIPT.ts [ARGUMENTS...]
//
// From a fresh clone to a running script: installs the npm packages when package-lock.json asks for other ones
// than are there, then runs the script with the project's own Node, which runs TypeScript as it is.
// Plain JavaScript for Node 20 and later, without any dependency: nothing is installed yet when it starts.
import { spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { accessSync, constants, existsSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { withLock } from './lock.mjs';

const oldestNode = 20;
const repository = path.resolve(import.meta.dirname ?? path.dirname(new URL(import.meta.url).pathname), '../..');
const stampFile = path.join(repository, 'node_modules', '.switchyard-installed');
const projectNode = path.join(repository, 'node_modules', '.bin', 'node');

const say = (line) => process.stderr.write(`${line}\n`);

function fail(message, code = 1) {
  say(message);
  process.exit(code);
}

/** What the installed packages depend on: the lock file, or package.json while there is none. */
function wantedStamp() {
  const hash = createHash('sha256');
  for (const name of ['package.json', 'package-lock.json']) {
    const file = path.join(repository, name);
    if (existsSync(file)) hash.update(name).update(readFileSync(file));
  }
  return hash.digest('hex');
}

function isInstalled() {
  try {
    accessSync(projectNode, constants.X_OK);
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
  const startedMs = performance.now();
  let verb = existsSync(path.join(repository, 'package-lock.json')) ? 'ci' : 'install';
  say(`Installing npm packages (npm ${verb}) ...`);
  // Packages' own install scripts are not run: one compiles for minutes what the app does not use. Node's is the exception.
  let { code, output } = await runNpm([verb, '--ignore-scripts']);
  if (code !== 0 && output.includes('EUSAGE')) {
    // package-lock.json is not of this package.json, or names packages for other machines that this mirror lacks.
    say('  npm ci does not accept package-lock.json; trying npm install, which leaves the file as it is');
    verb = 'install';
    ({ code, output } = await runNpm([verb, '--no-save', '--ignore-scripts']));
  }
  if (code === 0) ({ code, output } = await runNpm(['rebuild', 'node']));
  if (code !== 0) {
    fail(
      `${explainNpm(output)}\n\n` +
        `The npm packages could not be installed (npm ${verb} ended with ${code}).\n` +
        `Look at the lines above; is the npm registry reachable? Then try again:\n  cd ${repository} && npm ${verb}`,
    );
  }
  if (!existsSync(projectNode)) {
    fail(
      `npm ${verb} ended well, but ${projectNode} is not there.\n` +
        'The devDependency "node" brings it: look at package.json, then remove node_modules and try again.',
    );
  }
  // Hashed after the installation: without a lock file, npm has just written one.
  writeFileSync(stampFile, wantedStamp());
  say(`Installed npm packages (${((performance.now() - startedMs) / 1000).toFixed(1)} s)`);
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
  env.PATH = `${path.dirname(projectNode)}${path.delimiter}${env.PATH ?? ''}`;
  const child = spawn(projectNode, [script, ...args], { stdio: 'inherit', env });
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP', 'SIGQUIT']) {
    // A terminal sends Ctrl-C to the child as well: it decides how to end, and this process ends as it did.
    process.on(signal, () => {
      if (signal !== 'SIGINT' || !process.stdin.isTTY) child.kill(signal);
    });
  }
  child.on('error', (error) =>
    fail(`${projectNode} does not start: ${error.message}\nRemove node_modules and try again.`),
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
if (!existsSync(path.join(repository, 'package.json')))
  fail(`There is no package.json in ${repository}: is this a whole clone?`);
if (!isInstalled()) {
  await withLock(
    `install ${repository}`,
    () => say('Another process is installing the npm packages; waiting for it ...'),
    install,
  );
}
runScript(script, args);
