/** Ids of everything that fails with `id`: whoever depends on it, direct or not, without itself, sorted. */
export function blastRadius(id: string, dependsOn: ReadonlyMap<string, readonly string[]>): string[] {
  const hit = new Set<string>();
  const queue = [id];
  for (let next = queue.pop(); next !== undefined; next = queue.pop()) {
    for (const [dependant, needs] of dependsOn) {
      if (needs.includes(next) && !hit.has(dependant) && dependant !== id) {
        hit.add(dependant);
        queue.push(dependant);
      }
    }
  }
  return [...hit].sort();
}

/** The column of each service by order of dependency: 0 for what nobody needs first. Cycles end where they close. */
export function dependencyDepths(dependsOn: ReadonlyMap<string, readonly string[]>): Map<string, number> {
  const depths = new Map<string, number>();
  const dependants = (name: string) => [...dependsOn].filter(([, needs]) => needs.includes(name)).map(([each]) => each);
  const visit = (name: string, trail: ReadonlySet<string>): number => {
    const known = depths.get(name);
    if (known !== undefined) return known;
    const above = dependants(name).filter((each) => each !== name && !trail.has(each));
    const depth = above.length === 0 ? 0 : 1 + Math.max(...above.map((each) => visit(each, new Set([...trail, name]))));
    depths.set(name, depth);
    return depth;
  };
  for (const name of dependsOn.keys()) visit(name, new Set());
  return depths;
}
