import { showKeys } from '../../bridge/window-state.ts';
import { Dialog } from '../../ui/controls.tsx';
import './palette.css';

const groups: { title: string; keys: [string[], string][] }[] = [
  {
    title: 'Move',
    keys: [
      [['←', '↑', '→', '↓'], 'to the next service'],
      [['Enter'], 'open its panel'],
      [['Esc'], 'close what is open'],
      [['0'], 'fit the map'],
      [['+', '-'], 'zoom'],
      [['Alt', '1…9'], 'go to a server'],
    ],
  },
  {
    title: 'Do, with the selected service',
    keys: [
      [['M'], 'mend what is down, as the headline offers'],
      [['F'], 'flip, or flip back'],
      [['Shift', 'F'], 'flip, and choose how it is watched'],
      [['K'], 'keep a flip that waits to be confirmed'],
      [['S'], 'stop its job'],
      [['D'], 'deploy next'],
      [['Shift', 'D'], 'its releases, to deploy one again'],
      [['A'], 'adopt'],
      [['P'], 'preview next'],
      [['R'], 'retire next'],
      [['T'], 'try again what failed'],
      [['E'], 'eject'],
      [['X'], 'dismiss what the card says'],
      [['B'], 'blast radius'],
    ],
  },
  {
    title: 'Window',
    keys: [
      [['Ctrl', 'K'], 'find anything'],
      [['L'], 'map or list'],
      [['J'], 'activity'],
      [['N'], 'connect another server'],
      [['?'], 'these keys'],
    ],
  },
];

export function KeysSheet() {
  const mac = window.switchyard.platform === 'darwin';
  return (
    <Dialog className="sheet keys" label="Keys" testid="keys" onClose={() => showKeys(false)}>
      <div className="sheet-head">
        <h2>Keys</h2>
      </div>
      <div className="sheet-body keys-body">
        {groups.map((group) => (
          <section key={group.title}>
            <h3 className="block-title">{group.title}</h3>
            <dl>
              {group.keys.map(([keys, what]) => (
                <div key={what}>
                  <dt>
                    {keys.map((key) => (
                      <kbd key={key}>{mac && key === 'Ctrl' ? '⌘' : mac && key === 'Alt' ? '⌥' : key}</kbd>
                    ))}
                  </dt>
                  <dd>{what}</dd>
                </div>
              ))}
            </dl>
          </section>
        ))}
      </div>
      <div className="sheet-foot">
        <button type="button" className="button" onClick={() => showKeys(false)}>
          Close
        </button>
      </div>
    </Dialog>
  );
}
