const signs: [RegExp, string][] = [
  [/^coolify\./, 'Coolify'],
  [/^com\.dokploy\.|^dokploy\./, 'Dokploy'],
  [/^captain\.|^com\.caprover\./, 'CapRover'],
  [/^io\.portainer\.gitops|^io\.portainer\.stack/, 'Portainer'],
  [/^komodo\./, 'Komodo'],
  [/^com\.docker\.swarm\.service\.name$/, 'Docker Swarm'],
];

const watchtower = 'com.centurylinklabs.watchtower.enable';

/** The deployer that a label's name speaks of, or null. */
export const deployerSignOf = (key: string): string | null =>
  key === watchtower ? 'Watchtower' : (signs.find(([pattern]) => pattern.test(key))?.[1] ?? null);

/** The deployer that manages a container, told by its labels, or null for plain compose. */
export function deployerOf(labels: Record<string, string>): string | null {
  for (const [key, value] of Object.entries(labels)) {
    const sign = deployerSignOf(key);
    if (sign !== null && (key !== watchtower || value === 'true')) return sign;
  }
  return null;
}
