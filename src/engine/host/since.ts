import type { StackMap } from '../../core/stack-map.ts';

/**
 * Says of each trouble that nobody can date since when it has been seen here: of one that came while the map was known. What was there
 * at the first look has been for nobody knows how long.
 */
export function createSince() {
  let services = new Set<string>();
  let seen = new Map<string, number | null>();

  return (map: StackMap, nowMs: number): StackMap => {
    const found = new Map<string, number | null>();
    const names = new Set<string>();
    const stacks = map.stacks.map((stack) => ({
      ...stack,
      services: stack.services.map((service) => {
        names.add(service.id);
        if (service.troubles.length === 0) return service;
        return {
          ...service,
          troubles: service.troubles.map((trouble) => {
            const key = `${service.id} ${trouble.cause} ${trouble.level === 'at-risk'}`;
            const first = seen.get(key) ?? (services.has(service.id) && !seen.has(key) ? nowMs : null);
            const sinceMs = trouble.sinceMs ?? found.get(key) ?? first;
            found.set(key, sinceMs);
            return { ...trouble, sinceMs };
          }),
        };
      }),
    }));
    services = names;
    seen = found;
    return { ...map, stacks };
  };
}
