import { describe, expect, it } from 'vitest';
import {
  narrowAll,
  narrowContainer,
  narrowEngine,
  narrowEvent,
  narrowImage,
  narrowNetwork,
  narrowVolume,
  timeMs,
} from './narrow.ts';

describe('what Docker says, narrowed', () => {
  it('reads a container of the listing', () => {
    expect(
      narrowContainer({
        Id: 'abc',
        Names: ['/web-1', '/other'],
        Image: 'nginx:1.27',
        ImageID: 'sha256:1',
        State: 'running',
        Status: 'Up 3 days (healthy)',
        Created: 1_700_000_000,
        Labels: { a: 'b', wrong: 3, '<script>': '$(id)\n"' },
        Ports: [
          { IP: '0.0.0.0', PrivatePort: 80, PublicPort: 8080, Type: 'tcp' },
          { PrivatePort: 443, Type: 'tcp' },
        ],
        Mounts: [{ Type: 'volume', Name: 'data', Source: '/v', Destination: '/data', RW: false }, { Type: 'bind' }],
        NetworkSettings: { Networks: { front: { IPAddress: '172.18.0.2' }, none: null } },
        HostConfig: { NetworkMode: 'front' },
      }),
    ).toEqual({
      id: 'abc',
      name: 'web-1',
      image: 'nginx:1.27',
      imageId: 'sha256:1',
      state: 'running',
      status: 'Up 3 days (healthy)',
      createdAtMs: 1_700_000_000_000,
      labels: { a: 'b', '<script>': '$(id)\n"' },
      ports: [{ hostIp: '0.0.0.0', hostPort: 8080, containerPort: 80, protocol: 'tcp' }],
      mounts: [
        { kind: 'volume', name: 'data', source: '/v', target: '/data', readOnly: true },
        { kind: 'bind', name: null, source: '', target: '', readOnly: false },
      ],
      networks: [
        { name: 'front', address: '172.18.0.2' },
        { name: 'none', address: '' },
      ],
      networkMode: 'front',
    });
  });

  it('tolerates whatever is missing or of another type', () => {
    expect(narrowContainer({ Id: 'abcdefabcdefabcdef', Names: null, Labels: 'x', Ports: {} })).toMatchObject({
      name: 'abcdefabcdef',
      labels: {},
      ports: [],
      createdAtMs: 0,
    });
    for (const odd of [null, undefined, 3, 'text', [], {}]) {
      expect(narrowContainer(odd)).toBeNull();
      expect(narrowImage(odd)).toBeNull();
      expect(narrowNetwork(odd)).toBeNull();
      expect(narrowVolume(odd)).toBeNull();
      expect(narrowAll(odd, narrowImage)).toEqual([]);
      expect(narrowEngine(odd, odd)).toEqual({ version: '', apiVersion: '', os: '', cpus: 0, memoryBytes: 0 });
    }
  });

  it('keeps a label that is called __proto__ a label', () => {
    const labels = narrowNetwork(JSON.parse('{"Name":"n","Labels":{"__proto__":"x"}}'))?.labels;
    expect(Object.keys(labels ?? {})).toEqual(['__proto__']);
  });

  it('leaves out the <none> of images without a name', () => {
    expect(
      narrowImage({ Id: 'i', RepoTags: ['<none>:<none>'], RepoDigests: ['<none>@<none>', 'a@sha256:1'], Size: 5 }),
    ).toEqual({ id: 'i', tags: [], digests: ['a@sha256:1'], labels: {}, createdAtMs: 0, sizeBytes: 5 });
  });

  it('reads an event, its nanoseconds as text, from Action and Actor alone', () => {
    const raw =
      '{"Type":"container","Action":"health_status: healthy","Actor":{"ID":"abc","Attributes":{"name":"web","x":"\\"timeNano\\":7"}},"scope":"local","time":1,"timeNano":1792579456123456789}';
    expect(narrowEvent(raw)).toEqual({
      kind: 'container',
      action: 'health_status: healthy',
      id: 'abc',
      attributes: { name: 'web', x: '"timeNano":7' },
      atNano: '1792579456123456789',
    });
    for (const odd of ['', '{', '[]', 'null', '{"Type":"container"}', '{"Action":"start"}']) {
      expect(narrowEvent(odd)).toBeNull();
    }
  });

  it('reads no time as 0', () => {
    expect([timeMs('0001-01-01T00:00:00Z'), timeMs('never'), timeMs(undefined)]).toEqual([0, 0, 0]);
  });
});
