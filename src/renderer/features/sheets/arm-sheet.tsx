import { type ReactNode, useState } from 'react';
import type { ServiceView } from '../../../contract/views.ts';
import { startVerb } from '../../bridge/store.ts';
import { confirmChoices, oneLine, watchChoices } from '../../ui/format.ts';
import { ConfirmSheet, closeSheet } from './confirm-sheet.tsx';

/** How long it is watched, or within what it has to be confirmed. */
type Choice = { confirmMinutes: number } | { watchMinutes: number };

/** What a plain flip does. */
const usual = { watchMinutes: 5 };

/** A flip that is watched, or one that goes back unless it is confirmed in time: how long is chosen here. */
export function ArmSheet({ host, service }: { host: string; service: ServiceView }) {
  const [chosen, setChosen] = useState<Choice>(usual);
  const name = oneLine(service.name);
  const versionIn = (role: 'current' | 'next'): string => {
    const slot = Object.values(service.slots).find((each) => each?.role === role);
    return slot == null ? role : `${oneLine(slot.version ?? `release ${slot.release}`)} in ${slot.slot}`;
  };
  const title = `Flip ${name}, and choose how it is watched`;
  const radio = (choice: Choice, testid: string, words: ReactNode) => (
    <label key={testid} className="choice">
      <input
        type="radio"
        name="watch"
        data-testid={testid}
        checked={JSON.stringify(chosen) === JSON.stringify(choice)}
        onChange={() => setChosen(choice)}
      />
      {words}
    </label>
  );
  return (
    <ConfirmSheet
      label={title}
      testid="sheet-arm"
      title={title}
      lead={`The traffic moves to ${versionIn('next')} at once.`}
      promise="The server counts: this window may be closed, and this machine off."
      confirm="Flip"
      onConfirm={() => {
        closeSheet();
        void startVerb(host, service, 'flip', chosen);
      }}
    >
      <fieldset className="choices">
        <legend className="block-title">Go back only if it goes bad</legend>
        <p>
          It keeps the traffic, unless ten answers in a row are wrong, or four checks in a row fail, while the server
          watches it. What is not watched goes back by hand only.
        </p>
        <div>
          {watchChoices.map(({ minutes, words }) =>
            radio(
              { watchMinutes: minutes },
              `watch-${minutes}`,
              minutes === 0 ? (
                'Watch not at all'
              ) : (
                <span>
                  Watch {words}
                  {minutes === usual.watchMinutes && <span className="quiet"> (as Flip does)</span>}
                </span>
              ),
            ),
          )}
        </div>
      </fieldset>
      <fieldset className="choices">
        <legend className="block-title">Go back unless I confirm</legend>
        <p>Unless somebody presses Keep in time, it goes back to {versionIn('current')} by itself.</p>
        <div>
          {confirmChoices.map(({ minutes, words }) =>
            radio({ confirmMinutes: minutes }, `arm-${minutes}`, `Within ${words}`),
          )}
        </div>
      </fieldset>
    </ConfirmSheet>
  );
}
