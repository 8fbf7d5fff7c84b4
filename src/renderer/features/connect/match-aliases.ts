import type { AliasView } from '../../../contract/views.ts';

/** The aliases that hold what was typed, those that begin with it first. */
export function matchAliases(aliases: AliasView[], typed: string): AliasView[] {
  const wanted = typed.trim().toLowerCase();
  if (wanted === '') return aliases;
  const rank = (alias: AliasView): number => {
    const name = alias.alias.toLowerCase();
    if (name.startsWith(wanted)) return 0;
    if (name.includes(wanted)) return 1;
    return `${alias.user ?? ''}@${alias.hostName ?? ''}`.toLowerCase().includes(wanted) ? 2 : 3;
  };
  return aliases
    .map((alias) => ({ alias, rank: rank(alias) }))
    .filter((each) => each.rank < 3)
    .sort((a, b) => a.rank - b.rank)
    .map((each) => each.alias);
}
