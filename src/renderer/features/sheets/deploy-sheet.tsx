import { useEffect, useState } from 'react';
import type { ServiceView, SlotView } from '../../../contract/views.ts';
import type { VerbOptions } from '../../../core/job.ts';
import { slotIn } from '../../bridge/offers.ts';
import { refOf, startVerb, useDeclined } from '../../bridge/store.ts';
import { useValues } from '../../bridge/use-values.ts';
import { FailureNote, Findings, Note } from '../../ui/controls.tsx';
import { DiffTable } from '../../ui/diff-table.tsx';
import { oneLine, releaseWords, shortImage } from '../../ui/format.ts';
import { brokeName, explainBroken } from '../../ui/went-back.ts';
import { ConfirmSheet, closeSheet } from './confirm-sheet.tsx';

/** Which image comes next, and what that changes, before anything is pulled. */
export function DeploySheet({
  host,
  service,
  asked,
}: {
  host: string;
  service: ServiceView;
  /** What is filled in: a release to deploy again, or how it was asked for before. */
  asked: VerbOptions;
}) {
  const { release } = asked;
  const [typed, setTyped] = useState<string | null>(asked.image ?? null);
  const [image, setImage] = useState(asked.image ?? '');
  const [replace, setReplace] = useState(false);
  /** The release that broke before, and is deployed again all the same. */
  const [again, setAgain] = useState<number | null>(null);
  const [sending, setSending] = useState(false);
  const declined = useDeclined(host, service.id);
  useEffect(() => {
    if (typed === null) return;
    const timer = setTimeout(() => setImage(imageOf(typed, service.image)), 350);
    return () => clearTimeout(timer);
  }, [typed, service.image]);
  const options = release !== undefined ? { release } : image === '' ? {} : { image };
  const { answer, values } = useValues(
    'next.plan',
    { ref: refOf(host, service), options },
    `${host} ${service.id} ${JSON.stringify(options)}`,
  );
  const plan = answer.state === 'here' ? answer.value : null;
  const bad = plan?.broke ?? null;
  const waiting = inTheWay(service);
  const name = oneLine(service.name);
  const confirm = async () => {
    const asTyped = typed === null ? '' : imageOf(typed, service.image);
    const last = release !== undefined ? { release } : asTyped === '' ? {} : { image: asTyped };
    setSending(true);
    // What broke before is told above; whoever goes on has read it.
    const told = plan?.broke == null ? last : { ...last, again: true };
    const began = await startVerb(host, service, 'deploy', waiting === null ? told : { ...told, replace });
    setSending(false);
    if (began) closeSheet();
  };
  const stopped = plan?.findings.some((finding) => finding.level === 'stop') === true;
  return (
    <ConfirmSheet
      label={`Deploy next of ${name}`}
      testid="sheet-deploy"
      title={release === undefined ? `Deploy next of ${name}` : `Deploy release ${release} of ${name} again`}
      lead="It starts beside the release that has the traffic. Nothing moves until you flip."
      confirm="Deploy next"
      disabled={sending || stopped || (waiting !== null && !replace) || (bad !== null && again !== bad.release)}
      onConfirm={() => void confirm()}
    >
      {release === undefined && (
        <label className="labelled">
          <span className="block-title">Image or tag</span>
          <input
            className="field mono"
            data-testid="deploy-image"
            spellCheck={false}
            autoComplete="off"
            placeholder={plan?.image ?? service.image}
            value={typed ?? ''}
            onChange={(event) => setTyped(event.target.value)}
          />
          {plan !== null && typed === null && (
            <span className="quiet">
              Left empty: what compose.yaml says, <span className="mono">{shortImage(plan.composeImage)}</span>
            </span>
          )}
        </label>
      )}
      {answer.state === 'asking' && <p className="quiet">Comparing with what runs now.</p>}
      {answer.state === 'failed' && <FailureNote failure={answer.failure} />}
      {plan?.upToDate === true && (
        <Note level="note" title="Nothing would change">
          <p>This is what runs now. Deploying it again starts a fresh container of the same release.</p>
        </Note>
      )}
      {plan !== null && plan.diff.length > 0 && (
        <div>
          <h3 className="block-title">What changes</h3>
          <DiffTable lines={plan.diff} values={values} />
        </div>
      )}
      {plan !== null && <Findings findings={plan.findings.filter(({ answer }) => answer !== 'again')} />}
      {bad !== null && (
        <Note level="warning" title={explainBroken(bad, Date.now())} testid="deploy-went-back">
          <p>It was release {bad.release}. Deployed again, it may do the same.</p>
          <label className="ticked">
            <input
              type="checkbox"
              data-testid="deploy-again"
              checked={again === bad.release}
              onChange={(event) => setAgain(event.target.checked ? bad.release : null)}
            />
            <span>Deploy {brokeName(bad)} again all the same</span>
          </label>
        </Note>
      )}
      {waiting !== null && (
        <label className="ticked">
          <input
            type="checkbox"
            data-testid="deploy-replace"
            checked={replace}
            onChange={(event) => setReplace(event.target.checked)}
          />
          <span>
            Take the slot of {releaseWords(waiting)}, which is ready
            <span className="quiet">It is stopped, and can be deployed again.</span>
          </span>
        </label>
      )}
      {declined?.verb === 'deploy' && <FailureNote failure={declined.failure} />}
    </ConfirmSheet>
  );
}

/** A next that got ready gives up its slot only where that is said; any other does so by itself. */
function inTheWay(service: ServiceView): SlotView | null {
  const next = slotIn(service, 'next');
  return next?.ready === true ? next : null;
}

/** What was typed as an image: a bare tag keeps the repository of what runs. */
function imageOf(typed: string, running: string): string {
  const text = typed.trim();
  if (text === '' || /[/:@]/.test(text)) return text;
  const bare = running.replace(/@.*$/, '');
  const colon = bare.lastIndexOf(':');
  const repository = colon > bare.lastIndexOf('/') ? bare.slice(0, colon) : bare;
  return /^[\w][\w.-]*$/.test(text) ? `${repository}:${text}` : text;
}
