import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { chooseSecrets, createMask, maskShapes } from './mask.ts';

const character = fc.constantFrom(...'abcXYZ019"\'\\$&%^*()[]{}|.+?/:@=-_ ;,~`!#<>é🚂');
const secret = fc.string({ unit: character, minLength: 6, maxLength: 40 });
const text = fc.string({ unit: character, maxLength: 60 });

describe('a mask', () => {
  it('SE3 leaves nothing of a value that it was given, in any text, however often and wherever it stands', () => {
    fc.assert(
      fc.property(
        fc.array(secret, { minLength: 1, maxLength: 5 }),
        fc.array(text, { maxLength: 4 }),
        (secrets, around) => {
          const chosen = chooseSecrets(secrets);
          const told = [...secrets, ...around]
            .flatMap((each, index) => [each, around[index] ?? '', secrets[0] ?? ''])
            .join('');
          const masked = createMask(chosen)(told);
          for (const each of chosen) {
            expect(masked).not.toContain(each);
            expect(createMask(chosen)(JSON.stringify({ told: each }))).not.toContain(JSON.stringify(each).slice(1, -1));
            expect(createMask(chosen)(`?a=${encodeURIComponent(each)}`)).not.toContain(encodeURIComponent(each));
          }
        },
      ),
    );
  });

  it('SE4 hides whatever stands behind --password= and between the colon and the @ of a URL', () => {
    const word = fc.string({
      unit: fc.constantFrom(...'abcXYZ019$&%^*()|.+?/:@=-_;~!#é🚂'),
      minLength: 3,
      maxLength: 30,
    });
    fc.assert(
      fc.property(text, word, (before, each) => {
        expect(maskShapes(`${before} --password=§${each}§`)).not.toContain(`§${each}§`);
        expect(maskShapes(`${before} DB_TOKEN=§${each}§`)).not.toContain(`§${each}§`);
        expect(maskShapes(`${before} postgres://shop:§${each}§@db/shop`)).not.toContain(`§${each}§`);
      }),
    );
  });

  it('SE4 changes nothing more the second time', () => {
    fc.assert(
      fc.property(
        fc.array(fc.oneof(text, fc.constantFrom(' --token ', 'password: ', '://a:', '@', 'Bearer ', ' X_KEY=')), {
          maxLength: 8,
        }),
        (parts) => {
          const once = maskShapes(parts.join(''));
          expect(maskShapes(once)).toBe(once);
        },
      ),
    );
  });
});
