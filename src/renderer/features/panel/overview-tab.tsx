import type { ServiceView, SlotView } from '../../../contract/views.ts';
import { type Ending, endingOf, endingOfDeclined } from '../../../core/ending.ts';
import type { Verb } from '../../../core/job.ts';
import { unreachable } from '../../../core/result.ts';
import { type Slot, slots } from '../../../core/slot.ts';
import { labelOf, type OnOffer, offersOf } from '../../bridge/offers.ts';
import { closePreview, usePreview } from '../../bridge/previews.ts';
import { dismiss, refOf, useDeclined } from '../../bridge/store.ts';
import { useValues } from '../../bridge/use-values.ts';
import { showTab } from '../../bridge/window-state.ts';
import { Ago, Bar, CopyButton, FailureNote, Findings, Note } from '../../ui/controls.tsx';
import { DiffTable } from '../../ui/diff-table.tsx';
import { formatClock, formatRate, oneLine, passing, shortDigest, shortImage, tagOf } from '../../ui/format.ts';
import {
  dataWarning,
  explainDeclined,
  explainSwitch,
  formatProgress,
  stepWords,
  verbNames,
} from '../../ui/switch-words.ts';
import { TroubleNotes } from '../../ui/trouble-notes.tsx';

/** What runs, what next would change, and what stands in the way. */
export function OverviewTab({ host, service, onOffer }: { host: string; service: ServiceView; onOffer: OnOffer }) {
  const state = service.switch;
  const warning = dataWarning(service, Date.now());
  return (
    <>
      <TroubleNotes troubles={service.troubles} />
      <Past host={host} service={service} onOffer={onOffer} />
      {state.kind === 'preparing' && state.progress?.total != null && (
        <div>
          <Bar done={state.progress.done} total={state.progress.total} label={stepWords(state.step)} />
          <p className="quiet number spaced">
            {stepWords(state.step)}: {formatProgress(state.progress)}
          </p>
        </div>
      )}
      <Preview host={host} service={service} />
      <section>
        <h3 className="block-title">What runs</h3>
        {service.adopted ? (
          <div className="slots">
            {slots.map((slot) => (
              <SlotRow key={slot} service={service} slot={slot} at={service.slots[slot]} />
            ))}
          </div>
        ) : (
          <dl className="rows">
            <dt>Image</dt>
            <dd className="mono">{shortImage(service.image)}</dd>
            <dt>Version</dt>
            <dd>{oneLine(service.version ?? tagOf(service.image) ?? 'not told by the image')}</dd>
            <dt>Digest</dt>
            <dd className="mono">
              <Digest digest={service.digest} />
            </dd>
            <dt>Health</dt>
            <dd>{service.health}</dd>
            {service.createdAtMs !== null && (
              <>
                <dt>Created</dt>
                <dd>
                  <Ago atMs={service.createdAtMs} />
                </dd>
              </>
            )}
          </dl>
        )}
        {warning !== null && <p className="quiet spaced">{warning}</p>}
      </section>
      {service.adopted && <Changes host={host} service={service} onOffer={onOffer} />}
      {!service.adopted && state.kind === 'not-adopted' && (
        <Note
          level="note"
          title={service.absence !== null ? 'Not running' : state.adoptable ? 'Not adopted' : 'Cannot be adopted now'}
        >
          <p>{service.absence ?? state.reason}</p>
          {state.adoptable && (
            <p className="quiet">Adopting gives it two slots, so that its next release starts beside this one.</p>
          )}
        </Note>
      )}
      {service.managedBy !== null && (
        <Note level="warning" title={`${oneLine(service.managedBy)} manages this service`}>
          <p>It may replace what Switchyard sets up. Turn it off for this service before adopting.</p>
        </Note>
      )}
      <Findings findings={service.findings} />
      {service.traffic !== null && (
        <section>
          <h3 className="block-title">Traffic now</h3>
          <p className="number">
            {formatRate(service.traffic.requestsPerSecond)} requests per second,{' '}
            {formatRate(service.traffic.errorsPerSecond)} errors per second
          </p>
        </section>
      )}
      {offersOf(service).includes('eject') && (
        <section className="eject">
          <p className="quiet">
            Done with Switchyard here? Eject puts plain compose back, on the release that is live.
          </p>
          <button
            type="button"
            className="button small"
            data-testid="action-eject"
            onClick={() => onOffer('eject', service)}
          >
            Eject…
          </button>
        </section>
      )}
    </>
  );
}

/** How what was asked for ended, as the head of what is told of it. */
function leadOf(ending: Ending, verb: Verb | 'preview', step: string | null): string {
  const name = verbNames[verb];
  const at = step === null ? '' : ` while ${stepWords(step)}`;
  switch (ending) {
    case 'refused':
      return `${name} was refused, nothing changed`;
    case 'stopped':
      return `${name} was stopped${at}`;
    case 'undone':
      return `${name} was undone${at}`;
    case 'unknown':
      return `${name}: how it ended is not known yet`;
    case 'failed':
      return `${name} failed${at}`;
    default:
      return unreachable(ending);
  }
}

/** How what was asked for ended, or what the watch did, until it is put away. */
function Past({ host, service, onOffer }: { host: string; service: ServiceView; onOffer: OnOffer }) {
  const declined = useDeclined(host, service.id);
  const state = service.switch;
  if (declined !== undefined) {
    return (
      <FailureNote
        failure={declined.failure}
        level={explainDeclined(declined.verb, declined.failure).tone === 'trouble' ? 'stop' : 'warning'}
        lead={leadOf(endingOfDeclined(declined.failure), declined.verb, null)}
      >
        <button type="button" className="button small" onClick={() => dismiss(host, service)}>
          Dismiss
        </button>
      </FailureNote>
    );
  }
  if (state.kind === 'failed') {
    const isFailure = explainSwitch(state, Date.now()).tone === 'trouble';
    return (
      <FailureNote
        failure={state.failure}
        level={isFailure ? 'stop' : 'warning'}
        lead={leadOf(endingOf(state), state.verb, state.step)}
      >
        <button type="button" className="button small" onClick={() => onOffer('retry', service)}>
          {labelOf('retry', service)}
        </button>
        <button type="button" className="button small" onClick={() => onOffer('follow', service)}>
          Whole output
        </button>
      </FailureNote>
    );
  }
  if (state.kind === 'went-back') {
    return (
      <Note level="warning" title={`The traffic went back by itself at ${formatClock(state.atMs, Date.now())}`}>
        <p>{state.reason}</p>
        {service.live !== null && (
          <p>
            {oneLine(service.slots[service.live]?.version ?? 'The release before')} in {service.live} has the traffic.
          </p>
        )}
        <div className="note-actions">
          <button type="button" className="button small" onClick={() => showTab('logs')}>
            Logs
          </button>
          <button type="button" className="button small" onClick={() => dismiss(host, service)}>
            Dismiss
          </button>
        </div>
      </Note>
    );
  }
  if (state.kind === 'not-ready') {
    return (
      <Note level="warning" title={`Next is not ready: ${passing(state.passed, state.total)}`}>
        <pre className="file telling">{state.reason}</pre>
        <p>
          The release that has the traffic is not touched. Next cannot be flipped to: deploy a version that gets ready,
          or retire this one.
        </p>
        <div className="note-actions">
          <button type="button" className="button small" onClick={() => showTab('checks')}>
            Checks
          </button>
          <button type="button" className="button small" onClick={() => onOffer('logs', service)}>
            Logs of next
          </button>
        </div>
      </Note>
    );
  }
  return null;
}

function Preview({ host, service }: { host: string; service: ServiceView }) {
  const preview = usePreview(host, service.id);
  if (preview === undefined) return null;
  return (
    <Note level="note" title={`Preview of release ${preview.release} in ${preview.slot}`} testid="preview">
      <p>
        Open in your browser, apart from the traffic: <code className="mono selectable">{preview.url}</code>
        <CopyButton text={preview.url} />
      </p>
      <div className="note-actions">
        <button
          type="button"
          className="button small"
          data-testid="preview-close"
          onClick={() => closePreview(host, service)}
        >
          Close the preview
        </button>
      </div>
    </Note>
  );
}

const roleWords: Record<SlotView['role'], string> = {
  current: 'has the traffic',
  next: 'next',
  previous: 'previous',
  idle: 'stopped',
};

/** A previous says what it is worth as a way back. */
function roleOf(service: ServiceView, at: SlotView): string {
  if (at.role !== 'previous') return roleWords[at.role];
  if (service.troubles.some(({ cause }) => cause === 'previous-sick')) return 'previous, ill: no way back';
  return service.canFlipBack ? 'previous, warm' : 'previous';
}

function SlotRow({ service, slot, at }: { service: ServiceView; slot: Slot; at: SlotView | null }) {
  const live = service.live === slot;
  return (
    <div className="slot" data-slot={slot} data-live={live || undefined} data-testid={`slot-${slot}`}>
      <i className="slot-mark" aria-hidden />
      <b>{slot}</b>
      {at === null ? (
        <span className="quiet">empty</span>
      ) : (
        <>
          <span className="slot-version">{oneLine(at.version ?? tagOf(at.image) ?? shortImage(at.image))}</span>
          <span className="quiet slot-role">{roleOf(service, at)}</span>
          <p className="slot-more">
            release {at.release} · <Digest digest={at.digest} />
            {at.health !== null && ` · ${at.health}`}
            {at.startedAtMs !== null && (
              <>
                {' · '}
                <Ago atMs={at.startedAtMs} />
              </>
            )}
          </p>
          <p className="slot-more mono clip selectable" title={at.image}>
            {shortImage(at.image)}
          </p>
        </>
      )}
    </div>
  );
}

function Digest({ digest }: { digest: string | null }) {
  return digest === null ? (
    <span>not known</span>
  ) : (
    <span className="mono" title={digest}>
      {shortDigest(digest)}
    </span>
  );
}

/** The diff of what comes next: the release that stands in the other slot, else what compose.yaml says. */
function Changes({ host, service, onOffer }: { host: string; service: ServiceView; onOffer: OnOffer }) {
  const all = slots.map((slot) => service.slots[slot]);
  const current = all.find((at) => at?.role === 'current');
  const next = all.find((at) => at?.role === 'next');
  if (current != null && next != null) {
    return <Compared host={host} service={service} before={current.release} after={next.release} />;
  }
  return <Planned host={host} service={service} onOffer={onOffer} />;
}

function Compared({
  host,
  service,
  before,
  after,
}: {
  host: string;
  service: ServiceView;
  before: number;
  after: number;
}) {
  const { answer, values } = useValues(
    'releases.compare',
    { ref: refOf(host, service), before, after },
    `${host} ${service.id} ${before} ${after}`,
  );
  return (
    <section>
      <h3 className="block-title">What next changes</h3>
      {answer.state === 'asking' && <p className="quiet">Comparing with what runs.</p>}
      {answer.state === 'failed' && <FailureNote failure={answer.failure} />}
      {answer.state === 'here' &&
        (answer.value.length === 0 ? (
          <p className="quiet">Nothing but the container.</p>
        ) : (
          <DiffTable lines={answer.value} values={values} />
        ))}
    </section>
  );
}

function Planned({ host, service, onOffer }: { host: string; service: ServiceView; onOffer: OnOffer }) {
  const { answer, values } = useValues(
    'next.plan',
    { ref: refOf(host, service), options: {} },
    `${host} ${service.id} ${service.live === null ? '' : service.slots[service.live]?.release}`,
  );
  return (
    <section>
      <h3 className="block-title">What compose.yaml says now</h3>
      {answer.state === 'asking' && <p className="quiet">Comparing with what runs.</p>}
      {answer.state === 'failed' && <FailureNote failure={answer.failure} />}
      {answer.state === 'here' &&
        (answer.value.diff.length === 0 ? (
          <p className="quiet">The same as what runs.</p>
        ) : (
          <DiffTable lines={answer.value.diff} values={values} />
        ))}
      {service.switch.kind === 'idle' && (
        <button type="button" className="button spaced" onClick={() => onOffer('deploy', service)}>
          Choose an image…
        </button>
      )}
    </section>
  );
}
