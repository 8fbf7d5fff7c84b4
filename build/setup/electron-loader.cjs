// The stand-in Electron's own app: does what a released Electron does with the folder that follows it on the command
// line, in the order in which that does it. Requires what `-r` names, takes name and version from the folder's
// package.json, and loads its main.
'use strict';
const { app } = require('electron');
const fs = require('node:fs');
const Module = require('node:module');
const path = require('node:path');

const requires = [];
let target;
const words = process.argv.slice(1);
for (let index = 0; index < words.length; index++) {
  const word = words[index];
  if (word === '-r' || word === '--require') requires.push(words[++index]);
  else if (word.startsWith('--require=')) requires.push(word.slice('--require='.length));
  else if (!word.startsWith('-')) {
    target = path.resolve(word);
    break;
  }
}

Module._preloadModules(requires);

if (target === undefined) {
  console.error('usage: electron [OPTIONS] FOLDER');
  app.exit(2);
} else {
  Object.defineProperty(process, 'defaultApp', { configurable: false, enumerable: true, value: true });
  try {
    const packageFile = path.join(target, 'package.json');
    if (fs.existsSync(packageFile)) {
      const { version, productName, name, desktopName } = JSON.parse(fs.readFileSync(packageFile, 'utf8'));
      if (version) app.setVersion(version);
      if (productName ?? name) app.setName(productName ?? name);
      app.setDesktopName(desktopName ?? `${app.name}.desktop`);
      app.setAppPath(target);
    }
    const main = Module._resolveFilename(target, null, true);
    if (!fs.existsSync(packageFile)) app.setAppPath(path.dirname(main));
    Module._load(main, Module, true);
  } catch (error) {
    console.error(`The app in ${target} does not load:\n${error.stack}`);
    app.exit(1);
  }
}
