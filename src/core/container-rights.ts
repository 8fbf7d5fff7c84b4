import { z } from 'zod';

/** What a container may do beyond any other, as Docker says of it itself: whatever it was started from, this is what it has. */
export type ContainerRights = {
  privileged: boolean;
  /** Without `CAP_`, in capitals. */
  capAdd: string[];
  /** `host:container:permissions`. */
  devices: string[];
  deviceCgroupRules: string[];
  /** Whether it was given devices by a driver: GPUs. */
  hasDeviceRequests: boolean;
  securityOpt: string[];
  groupAdd: string[];
  sysctls: Record<string, string>;
  annotations: Record<string, string>;
  oomScoreAdj: number;
  oomKillDisable: boolean;
  pid: string;
  ipc: string;
  uts: string;
  userns: string;
  cgroup: string;
  cgroupParent: string;
  runtime: string;
  networkMode: string;
  volumesFrom: string[];
  mounts: { kind: string; name: string; source: string; target: string; readOnly: boolean; propagation: string }[];
  networks: string[];
};

const texts = z.array(z.string()).nullish();
const textMap = z.record(z.string(), z.string()).nullish();
const text = z.string().nullish();

const inspectSchema = z.object({
  HostConfig: z.object({
    Privileged: z.boolean().nullish(),
    CapAdd: texts,
    Devices: z
      .array(z.object({ PathOnHost: z.string(), PathInContainer: z.string(), CgroupPermissions: z.string() }))
      .nullish(),
    DeviceCgroupRules: texts,
    DeviceRequests: z.array(z.unknown()).nullish(),
    SecurityOpt: texts,
    GroupAdd: texts,
    Sysctls: textMap,
    Annotations: textMap,
    OomScoreAdj: z.number().nullish(),
    OomKillDisable: z.boolean().nullish(),
    PidMode: text,
    IpcMode: text,
    UTSMode: text,
    UsernsMode: text,
    CgroupnsMode: text,
    CgroupParent: text,
    Runtime: text,
    NetworkMode: text,
    VolumesFrom: texts,
  }),
  Mounts: z
    .array(
      z.object({
        Type: z.string(),
        Name: text,
        Source: text,
        Destination: z.string(),
        RW: z.boolean().nullish(),
        Propagation: text,
      }),
    )
    .nullish(),
  NetworkSettings: z.object({ Networks: z.record(z.string(), z.unknown()).nullish() }).nullish(),
});

/** Reads what `docker inspect` says of one container; null when it says nothing, or what nobody understands. */
export function parseContainerRights(json: string): ContainerRights | null {
  let found: z.infer<typeof inspectSchema>;
  try {
    const [first] = z.array(inspectSchema).parse(JSON.parse(json));
    if (first === undefined) return null;
    found = first;
  } catch {
    return null;
  }
  const host = found.HostConfig;
  return {
    privileged: host.Privileged ?? false,
    capAdd: (host.CapAdd ?? []).map(plainCapability),
    devices: (host.Devices ?? []).map((each) => `${each.PathOnHost}:${each.PathInContainer}:${each.CgroupPermissions}`),
    deviceCgroupRules: host.DeviceCgroupRules ?? [],
    hasDeviceRequests: (host.DeviceRequests ?? []).length > 0,
    securityOpt: host.SecurityOpt ?? [],
    groupAdd: host.GroupAdd ?? [],
    sysctls: host.Sysctls ?? {},
    annotations: host.Annotations ?? {},
    oomScoreAdj: host.OomScoreAdj ?? 0,
    oomKillDisable: host.OomKillDisable ?? false,
    pid: host.PidMode ?? '',
    ipc: host.IpcMode ?? '',
    uts: host.UTSMode ?? '',
    userns: host.UsernsMode ?? '',
    cgroup: host.CgroupnsMode ?? '',
    cgroupParent: host.CgroupParent ?? '',
    runtime: host.Runtime ?? '',
    networkMode: host.NetworkMode ?? '',
    volumesFrom: host.VolumesFrom ?? [],
    mounts: (found.Mounts ?? []).map((each) => ({
      kind: each.Type,
      name: each.Name ?? '',
      source: each.Source ?? '',
      target: each.Destination,
      readOnly: each.RW === false,
      propagation: each.Propagation ?? '',
    })),
    networks: Object.keys(found.NetworkSettings?.Networks ?? {}),
  };
}

/** A capability as Docker and people write it: `CAP_NET_ADMIN`, `net_admin`. */
export const plainCapability = (name: string): string => name.toUpperCase().replace(/^CAP_/, '');
