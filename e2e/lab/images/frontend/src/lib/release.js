import { readFileSync } from 'node:fs';

/**
 * Which version this is and how it behaves; only good ones do what a shop should.
 * @type {{version: string, title: string, accent: string, behaviour: {kind: string, failsAfterS?: number, readyAfterS?: number}}}
 */
export const release = JSON.parse(readFileSync(`${process.cwd()}/release.json`, 'utf8'));

/** Seconds since this process started; not since this module was loaded, which the first request does. */
function ageS() {
  return process.uptime();
}

export function isReady() {
  const { behaviour } = release;
  if (behaviour.kind === 'never-ready') return false;
  if (behaviour.kind === 'slow-start') return ageS() >= behaviour.readyAfterS;
  return true;
}

export function isBroken() {
  const { behaviour } = release;
  return behaviour.kind === 'fails-later' && ageS() >= behaviour.failsAfterS;
}
