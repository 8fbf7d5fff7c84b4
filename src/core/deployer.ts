const signs: [RegExp, string][] = [
  [/^coolify\./, 'Coolify'],
  [/^com\.dokploy\.|^dokploy\./, 'Dokploy'],
  [/^captain\.|^com\.caprover\./, 'CapRover'],
  [/^io\.portainer\.gitops|^io\.portainer\.stack/, 'Portainer'],
  [/^komodo\./, 'Komodo'],
  [/^com\.docker\.swarm\.service\.name$/, 'Docker Swarm'],
];

/** The deployer that manages a container, told by its labels, or null for plain compose. */
export function deployerOf(labels: Record<string, string>): string | null {
  for (const [key, value] of Object.entries(labels)) {
    const sign = signs.find(([pattern]) => pattern.test(key));
    if (sign !== undefined) return sign[1];
    if (key === 'com.centurylinklabs.watchtower.enable' && value === 'true') return 'Watchtower';
  }
  return null;
}
