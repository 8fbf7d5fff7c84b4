export { listAliases } from '../adapters/ssh/aliases.ts';
