import net from 'node:net';
import { networkInterfaces } from 'node:os';

/**
 * Whether a load may go to this host: a loopback address, or an address of a Docker bridge of this machine, where
 * the lab's servers are. Names are not looked up (but for `localhost`), so that no name can lead elsewhere.
 */
export function mayLoad(host: string): boolean {
  if (host === 'localhost' || host === '::1') return true;
  if (!net.isIPv4(host)) return false;
  if (host.startsWith('127.')) return true;
  for (const [name, addresses] of Object.entries(networkInterfaces())) {
    if (!/^(docker\d+|br-[0-9a-f]{12})$/.test(name)) continue;
    for (const { family, address, cidr } of addresses ?? []) {
      const prefix = Number(cidr?.split('/')[1]);
      if (family !== 'IPv4' || !(prefix >= 8)) continue;
      const bridge = new net.BlockList();
      bridge.addSubnet(address, prefix, 'ipv4');
      if (bridge.check(host, 'ipv4')) return true;
    }
  }
  return false;
}
