import { describe, expect, it } from 'vitest';
import { tellComposeError } from './compose-error.ts';

const compose = `services:
  web:
    image: shop/web:1
    environment:
      PASSWORD: abc$def{x
      - LISTED=listed-secret
      QUOTED: "quoted-secret"
    ports: [broken-port]
x-common:
  token: anchored-secret
`;

describe('what compose says of broken files', () => {
  it.each([
    [
      'time="x" level=warning msg="y"\nyaml: line 4: did not find expected key\n',
      'yaml: line 4: did not find expected key',
    ],
    [
      'invalid interpolation format for services.web.environment.PASSWORD.\nYou may need to escape any $ with another $.\nabc$def{x\n',
      'invalid interpolation format for services.web.environment.PASSWORD.',
    ],
    [
      'yaml: unmarshal errors: cannot unmarshal !!str `hunter2...` into int',
      'yaml: unmarshal errors: cannot unmarshal !!str `•••` into int',
    ],
    ['invalid port listed-secret, quoted-secret, anchored-secret, env-secret', 'invalid port •••, •••, •••, •••'],
    ['services.web.ports.0: invalid broken-port', 'services.web.ports.0: invalid broken-port'],
    ['', null],
  ])('SE3 tells the line that tells, and no value of the files: %j', (printed, told) => {
    expect(tellComposeError(printed, [compose, 'A=1\nexport B="env-secret"\n'])).toBe(told);
  });
});
