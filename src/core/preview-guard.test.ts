import { describe, expect, it } from 'vitest';
import { type PreviewRequest, refusePreview } from './preview-guard.ts';

const asked: PreviewRequest = {
  method: 'GET',
  target: '/x?y',
  hosts: ['127.0.0.1:4000'],
  origin: null,
  site: null,
  mode: null,
  dest: null,
};

describe('a request to a preview', () => {
  it.each<[string, Partial<PreviewRequest>]>([
    ['of a program', {}],
    ['by the other name of this machine', { hosts: ['LocalHost:4000'] }],
    ['typed into a browser', { site: 'none', mode: 'navigate', dest: 'document' }],
    [
      'of its own page',
      { site: 'same-origin', mode: 'cors', dest: 'empty', origin: 'http://127.0.0.1:4000', method: 'POST' },
    ],
    ['of a link on another page', { site: 'cross-site', mode: 'navigate', dest: 'document' }],
    ['of a socket of its own page', { origin: 'http://127.0.0.1:4000', site: 'same-origin', mode: 'websocket' }],
  ])('SE8 is let through: one %s', (_what, more) => {
    expect(refusePreview({ ...asked, ...more }, 4000)).toBeNull();
  });

  it.each<[string, Partial<PreviewRequest>]>([
    ['by a name that was made to lead here', { hosts: ['evil.example:4000'] }],
    ['by a name that only begins like it', { hosts: ['127.0.0.1.evil.example:4000'] }],
    ['without a port', { hosts: ['127.0.0.1'] }],
    ['for another port', { hosts: ['127.0.0.1:4001'] }],
    ['without a host', { hosts: [] }],
    ['with two hosts', { hosts: ['127.0.0.1:4000', 'evil.example'] }],
    ['with a target that names another host', { target: 'http://evil.example/' }],
    ['of another page by script', { origin: 'https://evil.example' }],
    ['of a page without an origin', { origin: 'null' }],
    ['of a page of another port', { origin: 'http://127.0.0.1:4001', site: 'same-site' }],
    ['of the other name’s page', { origin: 'http://localhost:4000' }],
    ['of an image on another page', { site: 'cross-site', mode: 'no-cors', dest: 'image' }],
    ['of an image on a page of another port', { site: 'same-site', mode: 'no-cors', dest: 'image' }],
    ['of a frame in another page', { site: 'cross-site', mode: 'navigate', dest: 'iframe' }],
    ['of a form on another page', { site: 'cross-site', mode: 'navigate', dest: 'document', method: 'POST' }],
    ['of a socket of another page', { origin: 'https://evil.example', site: 'cross-site', mode: 'websocket' }],
  ])('SE8 is refused: one %s', (_what, more) => {
    expect(refusePreview({ ...asked, ...more }, 4000)).toMatch(/./);
  });
});
