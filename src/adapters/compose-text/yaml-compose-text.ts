import {
  type Document,
  isAlias,
  isMap,
  isNode,
  isScalar,
  isSeq,
  type Node,
  type Pair,
  parseDocument,
  type YAMLMap,
} from 'yaml';
import { failure } from '../../core/failure.ts';
import { hiddenMark, maskShapes } from '../../core/mask.ts';
import { failed, ok, type Result } from '../../core/result.ts';
import type { ComposeText } from '../../engine/ports/compose-text.ts';

const header = '# Written by Switchyard: what stands between the marks turns a service into its entry point.\n';
const beginMark = (service: string): string => `  # switchyard begin ${service}`;
const endMark = (service: string): string => `  # switchyard end ${service}`;

/** Edits by the positions the parser found, so that every byte around them stays. */
export const yamlComposeText: ComposeText = {
  services(text) {
    const found = servicesOf(text);
    if (!found.ok) return found;
    return ok((found.value?.items ?? []).map((pair) => keyOf(pair)));
  },

  outline(text) {
    const document = parseDocument(text, { logLevel: 'silent', merge: true });
    if (document.errors.length > 0) return failed(failure('compose-broken', 'The compose file is not valid YAML.'));
    let whole: unknown;
    try {
      // A file of a few lines whose aliases unfold to millions is given up on.
      whole = document.toJS({ maxAliasCount: 100 });
    } catch {
      return failed(failure('compose-broken', 'The compose file unfolds to more than can be read.'));
    }
    const services = fieldsOf(fieldsOf(whole).services);
    return ok(
      Object.entries(services)
        .slice(0, mostServices)
        .map(([name, value]) => {
          const { image, profiles, depends_on: dependsOn } = fieldsOf(value);
          return {
            name,
            image: typeof image === 'string' ? image : null,
            profiles: textsOf(profiles),
            dependsOn: Array.isArray(dependsOn) ? textsOf(dependsOn) : Object.keys(fieldsOf(dependsOn)),
          };
        }),
    );
  },

  image(text, service) {
    const node = imageNode(text, service);
    return node.ok ? ok(node.value === null ? null : node.value.text) : node;
  },

  setImage(text, service, image) {
    const node = imageNode(text, service);
    if (!node.ok) return node;
    if (node.value === null)
      return failed(failure('input-invalid', `The service ${service} has no image: line to edit.`));
    const { start, end } = node.value;
    return ok(`${text.slice(0, start)}${image}${text.slice(end)}`);
  },

  addBlock(text, service, block) {
    const marked = `${beginMark(service)}\n${block}${endMark(service)}\n`;
    if (text === null) return ok(`${header}services:\n${marked}`);
    const found = servicesOf(text);
    if (!found.ok) return found;
    if (found.value === null) {
      if (/^services:/m.test(text))
        return ok(text.replace(/^services:[^\n]*\n?/m, (line) => `${line.trimEnd()}\n${marked}`));
      return ok(`${text}${text.endsWith('\n') || text === '' ? '' : '\n'}services:\n${marked}`);
    }
    if (found.value.items.some((pair) => keyOf(pair) === service)) {
      return failed(failure('input-invalid', `The override sets ${service} already.`));
    }
    const line = /^services:[ \t]*(?:#[^\n]*)?\r?\n/m.exec(text);
    const indent = indentOf(text, found.value);
    if (line === null || indent === null || found.value.flow === true) {
      return failed(
        failure(
          'compose-broken',
          'The override’s services are not written as an indented block, so nothing can be added to it.',
        ),
      );
    }
    // Our lines are indented by two; the operator's children may be by more.
    const shifted = marked.replace(/^ {2}(?=.)/gm, ' '.repeat(indent));
    const at = line.index + line[0].length;
    return ok(`${text.slice(0, at)}${shifted}${text.slice(at)}`);
  },

  hideValues(text) {
    const document = parseDocument(text, { logLevel: 'silent', merge: true });
    const services = document.errors.length === 0 ? document.get('services', true) : null;
    if (!isMap(services)) return maskShapes(text);
    const ends = new Map<number, number>();
    for (const { value } of services.items) {
      const service = followed(value, document);
      if (!isMap(service)) continue;
      const build = followed(service.get('build', true), document);
      const args = isMap(build) ? build.get('args', true) : null;
      for (const node of [service.get('environment', true), args])
        for (const { start, end } of valueRanges(node, document, text)) ends.set(start, end);
    }
    const hidden = [...ends]
      .sort(([a], [b]) => b - a)
      .reduce((rest, [start, end]) => `${rest.slice(0, start)}${hiddenMark}${rest.slice(end)}`, text);
    return maskShapes(hidden);
  },

  removeBlock(text, service) {
    const lines = text.split('\n');
    const begin = lines.findIndex((line) => line.trim() === beginMark(service).trim());
    const end = lines.findIndex((line) => line.trim() === endMark(service).trim());
    if (begin === -1 || end < begin) {
      return failed(
        failure(
          'input-invalid',
          `The marks around ${service} are gone from the override, so its lines cannot be told from yours.`,
        ),
      );
    }
    const rest = [...lines.slice(0, begin), ...lines.slice(end + 1)].join('\n');
    return ok(rest === `${header}services:\n` ? null : rest);
  },

  parse(text) {
    const broken = (detail: string | null) =>
      failed(failure('compose-broken', 'The compose file is not valid YAML.', { detail }));
    if (text.length > longestText) return broken('It is too long for a compose file.');
    try {
      const document = parseDocument(text, { logLevel: 'silent', customTags: [], schema: 'core', stringKeys: true });
      const [error] = document.errors;
      // A few names of one text, never names of names of names.
      return error === undefined
        ? ok(document.toJS({ maxAliasCount: 20 }) as unknown)
        : broken(error.message.split('\n')[0] ?? null);
    } catch (caught) {
      // Nested too deep for the parser, or by names that stand for each other.
      return broken(caught instanceof Error ? (caught.message.split('\n')[0] ?? null) : null);
    }
  },
};

/** No stack has more; a file that names more is not drawn to its end. */
const mostServices = 500;

const fieldsOf = (value: unknown): Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as Record<string, unknown>) : {};

const textsOf = (value: unknown): string[] =>
  Array.isArray(value) ? value.filter((each): each is string => typeof each === 'string') : [];
const longestText = 512 * 1024;

const keyOf = (pair: Pair): string => (isScalar(pair.key) ? String(pair.key.value) : String(pair.key));

function servicesOf(text: string): Result<YAMLMap | null> {
  const document = parseDocument(text, { logLevel: 'silent', merge: true });
  const [error] = document.errors;
  if (error !== undefined)
    return failed(
      failure('compose-broken', 'The compose file is not valid YAML.', {
        detail: error.message.split('\n')[0] ?? null,
      }),
    );
  const services = document.get('services', true);
  if (services === undefined || services === null || (isScalar(services) && services.value === null)) return ok(null);
  return isMap(services)
    ? ok(services)
    : failed(failure('compose-broken', '“services” in the compose file is not a mapping.'));
}

const followed = (node: unknown, document: Document): unknown => (isAlias(node) ? node.resolve(document) : node);

/** Where the values stand, of `KEY: value` and of `- KEY=value`, also where an anchor has them. */
function valueRanges(node: unknown, document: Document, text: string): { start: number; end: number }[] {
  const values = followed(node, document);
  if (isMap(values)) {
    return values.items.flatMap(({ key, value }) => {
      if (isScalar(key) && text.startsWith('<<', key.range?.[0])) {
        const merged = followed(value, document);
        return (isSeq(merged) ? merged.items : [merged]).flatMap((each) => valueRanges(each, document, text));
      }
      const [start = 0, end = 0] =
        (isNode(followed(value, document)) && (followed(value, document) as Node).range) || [];
      // A block of text ends behind its line.
      return end > start ? [{ start, end: text[end - 1] === '\n' ? end - 1 : end }] : [];
    });
  }
  if (!isSeq(values)) return [];
  return values.items.flatMap((item) => {
    const [from = 0, end = 0] = (isNode(item) && item.range) || [];
    const start = text.indexOf('=', from) + 1;
    return start > from && start < end ? [{ start, end: /["']/.test(text[from] ?? '') ? end - 1 : end }] : [];
  });
}

function imageNode(text: string, service: string): Result<{ start: number; end: number; text: string } | null> {
  const found = servicesOf(text);
  if (!found.ok) return found;
  const entry = found.value?.items.find((pair) => keyOf(pair) === service)?.value;
  if (!isMap(entry)) return ok(null);
  const node = entry.get('image', true);
  if (!isScalar(node) || node.range === null || node.range === undefined) return ok(null);
  const [start, end] = node.range;
  return ok({ start, end, text: String(node.value) });
}

function indentOf(text: string, services: YAMLMap): number | null {
  const key = services.items[0]?.key;
  const start = isScalar(key) ? key.range?.[0] : undefined;
  if (start === undefined) return null;
  return start - (text.lastIndexOf('\n', start - 1) + 1);
}
