import { Check, CircleDashed, CircleX } from 'lucide-react';
import type { ServiceView } from '../../../contract/views.ts';
import { isTrouble } from '../../../core/health.ts';
import { serviceSlug, stateFolder } from '../../../core/server-layout.ts';
import { slots } from '../../../core/slot.ts';
import { useHost } from '../../bridge/store.ts';
import { Ago, Command, Note } from '../../ui/controls.tsx';
import { formatDuration, oneLine, passing } from '../../ui/format.ts';
import { stepWords, verbNames } from '../../ui/switch-words.ts';

/** What decides that a release is healthy, and what it says now. */
export function ChecksTab({ host, service }: { host: string; service: ServiceView }) {
  const view = useHost(host);
  const jobs = view?.jobs ?? [];
  const folder = view?.map?.stacks.find((stack) => stack.name === service.stack)?.folder ?? null;
  const state = service.switch;
  const last = jobs
    .filter((job) => job.stack === service.stack && job.service === service.name && job.verb !== 'retire')
    .sort((a, b) => b.startedAt - a.startedAt)[0];
  const about = last?.steps.filter((step) => /check|ready|health|gate/i.test(step.name)) ?? [];
  return (
    <>
      {service.checks !== undefined && (
        <section>
          <h3 className="block-title">A release is healthy when</h3>
          {service.checks.length === 0 ? (
            <Note level="warning" title="Nothing is checked">
              <p>Releases of this service are unverified: they count as ready as soon as the container runs.</p>
            </Note>
          ) : (
            <ul className="plain-list">
              {service.checks.map((check) => (
                <li key={check}>
                  <Check size={14} aria-hidden /> {check}
                </li>
              ))}
            </ul>
          )}
          {service.adopted && folder !== null && (
            <>
              <p className="quiet">This file on the server says so, and how long to wait. The next job goes by it.</p>
              <Command text={`${stateFolder(folder)}/${serviceSlug(service.name)}/service.json`} />
            </>
          )}
        </section>
      )}
      {service.adopted ? (
        <section>
          <h3 className="block-title">Now</h3>
          <ul className="plain-list">
            {slots.map((slot) => {
              const at = service.slots[slot];
              if (at === null) {
                return (
                  <li key={slot} className="quiet">
                    <CircleDashed size={14} aria-hidden /> {slot}: empty
                  </li>
                );
              }
              const failing =
                (at.checks !== null && at.checks.passed < at.checks.total) ||
                (at.health !== null && isTrouble(at.health));
              return (
                <li key={slot} data-testid={`checks-${slot}`}>
                  {failing ? (
                    <CircleX size={14} className="trouble" aria-label="failing" />
                  ) : (
                    <Check size={14} aria-label="passing" />
                  )}
                  <span>
                    <b>{slot}</b> {oneLine(at.version ?? '')}:{' '}
                    {at.checks === null ? (at.health ?? 'not running') : passing(at.checks.passed, at.checks.total)}
                    {at.container !== null && <span className="quiet"> · {oneLine(at.container.status)}</span>}
                  </span>
                </li>
              );
            })}
          </ul>
          {state.kind === 'not-ready' && <pre className="file telling">{state.reason}</pre>}
        </section>
      ) : (
        <section>
          <h3 className="block-title">Now</h3>
          <ul className="plain-list">
            {service.containers.map((container) => (
              <li key={container.id}>
                {isTrouble(container.health) ? (
                  <CircleX size={14} className="trouble" aria-label="failing" />
                ) : (
                  <Check size={14} aria-label="passing" />
                )}
                <span>
                  <b>{oneLine(container.name)}</b>: {container.health}
                  <span className="quiet"> · {oneLine(container.status)}</span>
                </span>
              </li>
            ))}
            {service.containers.length === 0 && <li className="quiet">No container.</li>}
          </ul>
        </section>
      )}
      {last !== undefined && about.length > 0 && (
        <section>
          <h3 className="block-title">
            In the last {verbNames[last.verb].toLowerCase()}, <Ago atMs={last.startedAt} />
          </h3>
          <ul className="plain-list">
            {about.map((step) => (
              <li key={step.name}>
                {step.state === 'failed' ? (
                  <CircleX size={14} className="trouble" aria-label="failed" />
                ) : step.state === 'done' ? (
                  <Check size={14} aria-label="done" />
                ) : (
                  <CircleDashed size={14} aria-label={step.state} />
                )}
                <span>
                  <b>{stepWords(step.name)}</b>
                  {step.text !== null && `: ${oneLine(step.text)}`}
                  {step.ms !== null && <span className="quiet number"> · {formatDuration(step.ms)}</span>}
                </span>
              </li>
            ))}
          </ul>
        </section>
      )}
    </>
  );
}
