import { useState } from 'react';
import type { ReleaseView, ServiceView } from '../../../contract/views.ts';
import { labelOf, type OnOffer, offersOf } from '../../bridge/offers.ts';
import { refOf } from '../../bridge/store.ts';
import { useAnswer } from '../../bridge/use-answer.ts';
import { useValues } from '../../bridge/use-values.ts';
import { showSheet } from '../../bridge/window-state.ts';
import { Ago, FailureNote } from '../../ui/controls.tsx';
import { DiffTable } from '../../ui/diff-table.tsx';
import { formatDuration, oneLine, shortDigest, shortImage, tagOf } from '../../ui/format.ts';
import { explainWentBack } from '../../ui/went-back.ts';

const outcomeWords: Record<ReleaseView['outcome'], string> = {
  live: 'has the traffic',
  ready: 'ready',
  'not-ready': 'did not get ready',
  left: 'served, then left',
  'went-back': 'went back by itself',
  retired: 'retired',
  preparing: 'preparing',
};

/** The numbered history of a service: any two can be compared, any one deployed again. */
export function ReleasesTab({ host, service, onOffer }: { host: string; service: ServiceView; onOffer: OnOffer }) {
  const { blue, green } = service.slots;
  const answer = useAnswer(
    'releases.list',
    { ref: refOf(host, service) },
    `${host} ${service.id} ${service.live} ${blue?.release} ${blue?.role} ${green?.release} ${green?.role} ${service.switch.kind}`,
  );
  const [picked, setPicked] = useState<number[]>([]);
  if (!service.adopted) return <p className="quiet">Releases begin with adoption.</p>;
  if (answer.state === 'asking') return <p className="quiet">Reading the releases.</p>;
  if (answer.state === 'failed') return <FailureNote failure={answer.failure} />;
  const releases = [...answer.value].sort((a, b) => b.number - a.number);
  const [before, after] = [...picked].sort((a, b) => a - b);
  const pick = (number: number) =>
    setPicked(picked.includes(number) ? picked.filter((each) => each !== number) : [...picked, number].slice(-2));
  return (
    <>
      {before !== undefined && after !== undefined ? (
        <Comparison host={host} service={service} before={before} after={after} onClose={() => setPicked([])} />
      ) : (
        <p className="quiet">
          {picked.length === 1 ? `Pick one more to compare with ${picked[0]}.` : 'Tick two releases to compare them.'}
        </p>
      )}
      <ol className="timeline" data-testid="releases">
        {releases.map((release) => (
          <Release
            key={release.number}
            release={release}
            service={service}
            picked={picked.includes(release.number)}
            onPick={() => pick(release.number)}
            onOffer={onOffer}
          />
        ))}
      </ol>
      {releases.length === 0 && <p className="quiet">None yet.</p>}
    </>
  );
}

function Release({
  release,
  service,
  picked,
  onPick,
  onOffer,
}: {
  release: ReleaseView;
  service: ServiceView;
  picked: boolean;
  onPick: () => void;
  onOffer: OnOffer;
}) {
  const back = release.role === 'previous' && service.canFlipBack && offersOf(service).includes('rollback');
  const isSick = release.role === 'previous' && service.troubles.some(({ cause }) => cause === 'previous-sick');
  return (
    <li
      className="release"
      data-role={release.role}
      data-slot={release.slot}
      data-outcome={isSick ? 'ill' : release.outcome}
      data-testid={`release-${release.number}`}
    >
      <i className="release-mark" aria-hidden />
      <div className="release-head">
        <b className="number">{release.number}</b>
        <span className="release-version clip">
          {oneLine(release.version ?? tagOf(release.image) ?? shortImage(release.image))}
        </span>
        <span className="mono quiet" title={release.digest}>
          {shortDigest(release.digest)}
        </span>
        <span className="release-outcome">
          {isSick
            ? 'previous, ill'
            : release.role === 'previous' && release.warm
              ? 'previous, warm'
              : outcomeWords[release.outcome]}
        </span>
      </div>
      <p className="release-more">
        {oneLine(release.by)}, <Ago atMs={release.createdAtMs} />
        {release.deployMs !== null && ` · deployed in ${formatDuration(release.deployMs)}`}
        {release.liveForMs !== null && release.liveForMs > 0 && ` · live for ${formatDuration(release.liveForMs)}`}
        {` · ${release.slot}`}
      </p>
      {release.reason !== null && (
        <p className="release-reason">
          {release.outcome === 'went-back' ? explainWentBack(release, Date.now()) : oneLine(release.reason)}
        </p>
      )}
      {release.pruned !== null && <p className="release-reason">{oneLine(release.pruned)}</p>}
      <div className="release-actions">
        <label>
          <input type="checkbox" checked={picked} onChange={onPick} /> Compare
        </label>
        {back && (
          <button type="button" className="button small" onClick={() => onOffer('rollback', service)}>
            {labelOf('rollback', service)}
          </button>
        )}
        {!back && release.role === 'old' && (
          <button
            type="button"
            className="button small plain"
            data-testid={`redeploy-${release.number}`}
            onClick={() => showSheet({ kind: 'deploy', service: service.id, options: { release: release.number } })}
          >
            Deploy again…
          </button>
        )}
      </div>
    </li>
  );
}

function Comparison({
  host,
  service,
  before,
  after,
  onClose,
}: {
  host: string;
  service: ServiceView;
  before: number;
  after: number;
  onClose: () => void;
}) {
  const { answer, values } = useValues(
    'releases.compare',
    { ref: refOf(host, service), before, after },
    `${host} ${service.id} ${before} ${after}`,
  );
  return (
    <section className="comparison" data-testid="comparison">
      <div className="comparison-head">
        <h3 className="block-title">
          From {before} to {after}
        </h3>
        <button type="button" className="button small plain" onClick={onClose}>
          Done
        </button>
      </div>
      {answer.state === 'asking' && <p className="quiet">Comparing.</p>}
      {answer.state === 'failed' && <FailureNote failure={answer.failure} />}
      {answer.state === 'here' &&
        (answer.value.length === 0 ? (
          <p className="quiet">They are the same.</p>
        ) : (
          <DiffTable lines={answer.value} values={values} />
        ))}
    </section>
  );
}
