import { describe, expect, it } from 'vitest';
import { composed, container, dockerFacts, mapFacts } from '../testkit/engine/facts.ts';
import { drawMap } from './draw-map.ts';
import { stackFolder } from './stack-folder.ts';

const from = (service: string, folder: string) => composed('shop', service, { folder });

describe('the working folder of a stack', () => {
  it.each<[string, ReturnType<typeof from>[], string | null, string | null, number]>([
    ['is what its containers agree on', [from('web', '/srv/shop'), from('db', '/srv/shop/')], null, '/srv/shop', 0],
    ['is known from adoption', [from('web', '/srv/shop')], '/srv/shop', '/srv/shop', 0],
    ['is known from adoption, whatever one container says', [from('web', '/evil')], '/srv/shop', '/srv/shop', 0],
    ['is nobody’s guess of two', [from('web', '/srv/shop'), from('x', '/evil')], null, null, 1],
    [
      'of two is the one known from adoption',
      [from('web', '/srv/shop'), from('x', '/evil')],
      '/srv/shop',
      '/srv/shop',
      1,
    ],
    ['is none that is not absolute', [from('web', 'srv/shop'), from('db', '')], null, null, 0],
    ['is none where nobody tells', [container({ name: 'x' })], null, null, 0],
    ['may be the root', [from('web', '/')], null, '/', 0],
  ])('TR3 %s', (_name, containers, known, folder, findings) => {
    const said = stackFolder('shop', containers, known);
    expect([said.folder, said.findings.length]).toEqual([folder, findings]);
  });

  it('TR3 is told on the map where there are two', () => {
    const map = drawMap(mapFacts(dockerFacts([from('web', '/srv/shop'), from('x', '/evil')])));
    expect(map.stacks[0]).toMatchObject({
      folder: null,
      findings: [
        { level: 'warning', title: 'Several working folders', text: expect.stringContaining('/evil and /srv/shop') },
      ],
    });
  });
});
