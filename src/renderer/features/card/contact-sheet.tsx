import { useState } from 'react';
import { Card } from './card.tsx';
import { samplesAt } from './samples.ts';

/** The card in every state of its switch and with every cause of trouble, side by side, in the theme of the window. Shown at `#contact-sheet` only. */
export function ContactSheet() {
  const [samples] = useState(() => samplesAt(Date.now()));
  return (
    <main className="contact-sheet" data-testid="contact-sheet">
      {samples.map(({ title, service }) => (
        <figure
          key={service.id}
          data-testid={`sample-${service.troubles[0]?.cause ?? (service.absence === null ? service.switch.kind : 'absent')}`}
        >
          <figcaption>{title}</figcaption>
          <Card
            service={service}
            traffic={service.traffic}
            connected
            asked={undefined}
            declined={undefined}
            detail="near"
            selected={false}
            onOffer={() => undefined}
          />
        </figure>
      ))}
    </main>
  );
}
