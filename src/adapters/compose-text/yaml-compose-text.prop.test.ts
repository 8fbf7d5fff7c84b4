import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { isMap, isScalar, parse, parseDocument } from 'yaml';
import { yamlComposeText as text } from './yaml-compose-text.ts';

const image = fc.constantFrom('a', 'a:1', 'registry.lan:5000/x/y:1.2.3', `a@sha256:${'0'.repeat(64)}`);
const written = fc.tuple(image, fc.constantFrom('', "'", '"')).map(([name, mark]) => `${mark}${name}${mark}`);
const comment = fc.constantFrom('', '  # why', ' # image: no', '\t# tab');
const name = fc.constantFrom('web', 'db', 'a-b', 'x.y', '"quoted"', 'image');

const service = fc
  .record({
    name,
    written,
    comment,
    before: fc.constantFrom('', '    build: .\n', '    # image: old\n', '    labels:\n      image: no\n'),
    after: fc.constantFrom(
      '',
      '    restart: always\n',
      '    environment:\n      IMAGE: "x: y"\n',
      '    command: |\n      image: no\n\n      two\n',
    ),
  })
  .map((each) => ({
    ...each,
    text: `  ${each.name}:\n${each.before}    image: ${each.written}${each.comment}\n${each.after}`,
  }));

const file = fc
  .record({
    head: fc.constantFrom('', '# mine\n', 'name: shop\n', '---\n', 'x-a: &a\n  image: no\n\n'),
    services: fc.uniqueArray(service, { selector: (each) => each.name, minLength: 1, maxLength: 4 }),
    tail: fc.constantFrom('', 'volumes:\n  data: {}\n', '\n\n# end'),
    windows: fc.boolean(),
  })
  .map(({ head, services, tail, windows }) => {
    const whole = `${head}services:\n${services.map((each) => each.text).join('')}${tail}`;
    return { services, text: windows ? whole.replaceAll('\n', '\r\n') : whole };
  });

const sure = { numRuns: 300, verbose: fc.VerbosityLevel.Verbose } as const;

describe('editing a compose file', () => {
  it('AD2 changes the image of one service and no other byte', () => {
    fc.assert(
      fc.property(file, fc.nat(), image, (given, which, next) => {
        const chosen = given.services[which % given.services.length];
        const key = chosen?.name.replaceAll('"', '') ?? '';
        const edited = text.setImage(given.text, key, next);
        if (!edited.ok) throw new Error(edited.failure.message);
        expect(text.image(edited.value, key)).toEqual({ ok: true, value: next });
        // What is around the node the parser finds is the same text, before and behind.
        const node = imageRange(given.text, key);
        expect(edited.value).toBe(`${given.text.slice(0, node[0])}${next}${given.text.slice(node[1])}`);
        const [before, after] = [given.text, edited.value].map((each) => parse(each, { logLevel: 'silent' }));
        before.services[key].image = next;
        expect(after).toEqual(before);
      }),
      sure,
    );
  });

  it('AD2 AD6 a block that came and went leaves the file as it was', () => {
    fc.assert(
      fc.property(file, (given) => {
        const block = '  entry:\n    image: haproxy:3.0\n    labels:\n      a: "b"\n';
        const added = text.addBlock(given.text, 'entry', block);
        if (!added.ok) throw new Error(added.failure.message);
        const names = text.services(added.value);
        expect(names).toEqual({
          ok: true,
          value: ['entry', ...given.services.map((each) => each.name.replaceAll('"', ''))],
        });
        expect(text.removeBlock(added.value, 'entry')).toEqual({ ok: true, value: given.text });
      }),
      sure,
    );
  });
});

function imageRange(source: string, key: string): [number, number] {
  const services = parseDocument(source, { logLevel: 'silent' }).get('services');
  const node = isMap(services) ? services.get(key) : null;
  const value = isMap(node) ? node.get('image', true) : null;
  if (!isScalar(value) || !value.range) throw new Error(`${key} has no image`);
  return [value.range[0], value.range[1]];
}
