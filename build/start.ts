import { spawn } from 'node:child_process';
import { createRequire } from 'node:module';
import { ensureBuilt } from './electron/built.ts';
import { repositoryFolder } from './setup/folders.ts';

// npm start [ARGUMENTS...]: the app from source, on this machine's own screen. Arguments go to Electron.

if (process.platform === 'linux' && !process.env.DISPLAY && !process.env.WAYLAND_DISPLAY) {
  process.stderr.write('There is no screen here (neither DISPLAY nor WAYLAND_DISPLAY is set).\n');
  process.stderr.write('Start Switchyard in a desktop session, or see it work without one: npm run demo\n');
  process.exit(1);
}

try {
  await ensureBuilt();
  // The package itself goes by ELECTRON_OVERRIDE_DIST_PATH, then what is installed, then its own download.
  const electron: string = createRequire(import.meta.url)('electron');
  // Chromium refuses to be root inside its own sandbox.
  const asRoot = process.platform === 'linux' && process.getuid?.() === 0 ? ['--no-sandbox'] : [];
  const child = spawn(electron, [...asRoot, repositoryFolder, ...process.argv.slice(2)], { stdio: 'inherit' });
  process.on('SIGTERM', () => child.kill());
  // A terminal sends Ctrl-C to the app as well; this process ends as the app does.
  process.on('SIGINT', () => {});
  child.on('exit', (code, signal) => process.exit(code ?? (signal === null ? 0 : 1)));
} catch (caught) {
  process.stderr.write(`${caught instanceof Error ? caught.message : String(caught)}\n`);
  process.exit(1);
}
