import { describe, expect, it } from 'vitest';
import { container, dockerFacts } from '../testkit/engine/facts.ts';
import { findHomeMounts } from './home-mounts.ts';

const home = '/home/ada/.local/state/switchyard';
const mounting = (source: string, more: { readOnly?: boolean; kind?: string; name?: string } = {}) =>
  container({
    name: 'files',
    mounts: [{ kind: 'bind', name: null, source, target: '/data', readOnly: false, ...more }],
  });

describe('who may write where jobs run', () => {
  it.each([['/'], ['/home'], ['/home/ada'], ['/home/ada/'], ['/home/ada/.local'], [home], [`${home}/stacks/shop-1`]])(
    'HS5 a container that mounts %s',
    (source) => {
      expect(findHomeMounts(dockerFacts([mounting(source)]), home)).toEqual([{ container: 'files', source }]);
    },
  );

  it.each([['/home/ada/shop'], ['/home/adam'], ['/home/ada/.local/state/switchyard-notes'], ['/var/run/docker.sock']])(
    'HS5 not one that mounts %s',
    (source) => {
      expect(findHomeMounts(dockerFacts([mounting(source)]), home)).toEqual([]);
    },
  );

  it('HS5 not one that only reads', () => {
    expect(findHomeMounts(dockerFacts([mounting('/', { readOnly: true })]), home)).toEqual([]);
  });

  it('HS5 a volume that stands for a folder counts as that folder', () => {
    const files = mounting('/var/lib/docker/volumes/all/_data', { kind: 'volume', name: 'all' });
    const facts = dockerFacts([files], { volumes: [{ name: 'all', labels: {}, device: '/home/ada' }] });
    expect(findHomeMounts(facts, home)).toEqual([{ container: 'files', source: '/home/ada' }]);
    expect(findHomeMounts({ ...facts, volumes: [{ name: 'all', labels: {} }] }, home)).toEqual([]);
  });
});
