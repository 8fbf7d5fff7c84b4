import { Timer } from 'lucide-react';
import { oneLine } from './format.ts';

/** The other half of Flip: flip, and choose how it is watched, or that it goes back unless it is confirmed in time. */
export function ArmButton({
  name,
  disabled,
  small = false,
  tabIndex,
  onClick,
}: {
  name: string;
  disabled: boolean;
  small?: boolean;
  tabIndex?: number;
  onClick: () => void;
}) {
  return (
    <button
      type="button"
      className={`button icon ${small ? 'small plain' : ''}`}
      data-testid="action-arm"
      aria-label={`Flip ${oneLine(name)}, and choose how it is watched`}
      aria-haspopup="dialog"
      title="Flip, and choose how it is watched (Shift+F)"
      tabIndex={tabIndex}
      disabled={disabled}
      onClick={(event) => {
        event.stopPropagation();
        onClick();
      }}
    >
      <Timer size={small ? 14 : 15} />
    </button>
  );
}
