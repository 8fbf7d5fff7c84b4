import type { HostileCase } from '../case.ts';

/** A file that the engine or compose loads by itself is changed while a client is connected, which must tell within 5 s. */
const changed = (id: string, about: string, during: string, told: RegExp): HostileCase => ({
  id,
  kind: 'what the engine loads',
  stage: 'act',
  about,
  plant: 'known_stack files',
  during,
  told,
});

const config = '"$STATE/web/entry/haproxy.cfg"';
const override = '"$DIR/compose.override.yaml"';

/** Found anew: what a client must not run when the engine comes back, and what it must tell then. */
const afterReboot = (id: string, about: string, during: string, more: Partial<HostileCase>): HostileCase => ({
  id,
  kind: 'a reboot of the engine',
  stage: 'reboot',
  about,
  plant: 'old_stack files',
  during,
  ...more,
});

export const engineCases: HostileCase[] = [
  changed('config-lua', 'haproxy.cfg loads a Lua file', 'lua_config', /haproxy\.cfg/),
  changed(
    'config-program',
    'haproxy.cfg starts a program of its own',
    `printf 'program x\\n  command /usr/local/libexec/foreign\\n' >>${config}`,
    /haproxy\.cfg/,
  ),
  changed(
    'config-check',
    'haproxy.cfg checks by a program',
    `sed -i 's|^global|&\\n  external-check|' ${config}`,
    /haproxy\.cfg/,
  ),
  changed(
    'config-server',
    'haproxy.cfg sends the traffic to another address',
    `sed -i 's|  server hold 127.0.0.1:9|  server hold 192.0.2.1:80|' ${config}`,
    /haproxy\.cfg/,
  ),
  changed(
    'config-link',
    'haproxy.cfg is a link to the same bytes elsewhere',
    `mkdir -p "$OUT"; cp ${config} "$OUT/haproxy.cfg"; ln -sf "$OUT/haproxy.cfg" ${config}`,
    /haproxy\.cfg/,
  ),
  changed('config-gone', 'haproxy.cfg is gone', `rm ${config}`, /haproxy\.cfg/),
  changed(
    'override-image',
    'the override names another image for the entry point',
    `sed -i 's|image: haproxy:3.0|image: foreign/entry:1|' ${override}`,
    /override/i,
  ),
  changed(
    'override-privileged',
    'the override makes the entry point privileged',
    `sed -i 's|^    user: .*|    user: root\\n    privileged: true|' ${override}`,
    /override/i,
  ),
  changed(
    'override-service',
    'the override got another service between our marks',
    `sed -i 's|^  # switchyard end web|  stowaway:\\n    image: haproxy:3.0\\n&|' ${override}`,
    /override/i,
  ),
  changed(
    'override-link',
    'the override is a link to the same bytes elsewhere',
    `mkdir -p "$OUT"; cp ${override} "$OUT/override.yaml"; ln -sf "$OUT/override.yaml" ${override}`,
    /override/i,
  ),
  changed('override-gone', 'the override is gone', `rm ${override}`, /override/i),
  afterReboot(
    'reboot-job',
    'a job that died is planted while the engine is away',
    'planted_job "$STATE" j1; chown -R home:home "$STATE"',
    {
      control: 'by_hand "$STATE/jobs/j1"',
    },
  ),
  afterReboot(
    'reboot-watch',
    'a watch that nobody follows is planted while the engine is away',
    'planted_job "$STATE" j1; echo completed >"$STATE/jobs/j1/exit"; planted_watch "$STATE" j1; chown -R home:home "$STATE"',
    { control: 'by_hand "$STATE/jobs/j1" watch.sh' },
  ),
  afterReboot('reboot-config', 'haproxy.cfg is changed while the engine is away', 'lua_config', {
    plant: 'known_stack files',
    told: /haproxy\.cfg/,
  }),
  afterReboot('reboot-override', 'the override is changed while the engine is away', `echo '# more' >>${override}`, {
    plant: 'known_stack files',
    told: /override/i,
  }),
];
