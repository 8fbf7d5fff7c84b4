import type { Kind } from '../cases.ts';
import { killApp } from './app.ts';
import { fillDisk } from './disk.ts';
import { restartEngine } from './engine.ts';
import { killEntry } from './entry.ts';
import type { Harm } from './harm.ts';
import { cutLink } from './link.ts';
import { killRunner } from './runner.ts';
import { killSessions } from './sshd.ts';

export const harms: Record<Kind, Harm> = {
  app: killApp,
  runner: killRunner,
  twice: killRunner,
  sshd: killSessions,
  link: cutLink,
  disk: fillDisk,
  engine: restartEngine,
  entry: killEntry,
};
