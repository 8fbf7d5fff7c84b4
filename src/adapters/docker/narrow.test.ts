import { describe, expect, it } from 'vitest';
import {
  narrowAll,
  narrowContainer,
  narrowEngine,
  narrowEvent,
  narrowImage,
  narrowInspection,
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

describe('what Docker says of one container', () => {
  it('DN1 is how it ended, how often it was started again, and what its health check said last', () => {
    const at = (second: number) => `2026-11-28T20:58:0${second}.123456789Z`;
    expect(
      narrowInspection({
        RestartCount: 4,
        HostConfig: { RestartPolicy: { Name: 'always' } },
        State: {
          ExitCode: 137,
          OOMKilled: true,
          Error: 'no such network',
          StartedAt: at(1),
          FinishedAt: '0001-01-01T00:00:00Z',
          Health: {
            Log: [
              { Start: at(2), ExitCode: 1, Output: 'early' },
              { Start: at(3), ExitCode: 0, Output: 'ok' },
              { Start: at(4), ExitCode: 1, Output: 'bad' },
              { Start: at(5), ExitCode: 1, Output: 'connecting\n  connection refused  \n\n' },
            ],
          },
        },
      }),
    ).toEqual({
      exitCode: 137,
      restarts: 4,
      oomKilled: true,
      startedAtMs: Date.parse('2026-11-28T20:58:01.123Z'),
      finishedAtMs: null,
      restartPolicy: 'always',
      error: 'no such network',
      health: { failingSinceMs: Date.parse('2026-11-28T20:58:04.123Z'), lastLine: 'connection refused' },
    });
  });

  it('of another shape is nothing', () => {
    for (const value of [null, 'x', {}, { State: 7, HostConfig: [] }])
      expect(narrowInspection(value)).toEqual({
        exitCode: 0,
        restarts: 0,
        oomKilled: false,
        startedAtMs: null,
        finishedAtMs: null,
        restartPolicy: 'no',
        error: null,
        health: null,
      });
  });
});
