import { Notification } from 'electron';
import type { Notice } from './decide.ts';

/** Shows notices as the system's own notifications; whether one may interrupt is up to the system. */
export function createShow(iconPath: string, onClick: (notice: Notice) => void): (notice: Notice) => void {
  // Kept while shown: a notification that is garbage collected forgets its click.
  const shown = new Set<Notification>();

  return (notice) => {
    if (!Notification.isSupported()) return;
    const notification = new Notification({ title: notice.title, body: notice.body, icon: iconPath });
    shown.add(notification);
    notification.on('click', () => {
      shown.delete(notification);
      onClick(notice);
    });
    notification.on('close', () => shown.delete(notification));
    notification.on('failed', () => shown.delete(notification));
    notification.show();
  };
}
