/** Audit events as rows, in words. */
import { Link } from '@tanstack/react-router';
import type { ReactNode } from 'react';
import type { Query, Schemas } from './api';
import { useTexts } from './preferences';
import { List } from './table';
import { Badge, Id, Moment, Name, type Tone } from './ui';

type Event = Schemas['AuditEventDto'];

const toneOf = (event: string): Tone =>
  /reused|replayed|revocation\.created/.test(event)
    ? 'bad'
    : /refused|failed|undelivered/.test(event)
      ? 'warn'
      : 'quiet';

export function EventsTable(props: { query: Query; limit?: number; goesOn?: boolean; empty: ReactNode }) {
  const texts = useTexts();
  return (
    <List<Event>
      {...props}
      label={texts.nav.audit}
      path="/audit"
      keyOf={({ id }) => id}
      columns={[
        { title: texts.audit.at, cell: ({ at }) => <Moment at={at} exact /> },
        {
          title: texts.audit.event,
          isName: true,
          cell: ({ event, reason }) => (
            <>
              <Badge tone={toneOf(event)} title={event}>
                {texts.events[event] ?? event}
              </Badge>{' '}
              {reason && <span title={reason}>{texts.reasons[reason] ?? <Name>{reason}</Name>}</span>}
            </>
          ),
        },
        { title: texts.audit.about, cell: (event) => <About event={event} /> },
        { title: texts.audit.actor, cell: ({ actor }) => (actor ? <Name>{actor}</Name> : '–') },
        { title: texts.session.address, cell: ({ source }) => (source ? <Name>{source}</Name> : '–') },
      ]}
    />
  );
}

function About({ event: { client_id, subject, family_id } }: { event: Event }) {
  return (
    <span className="about">
      {subject && (
        <Link to="/users/$user" params={{ user: subject }}>
          <Id value={subject} />
        </Link>
      )}
      {client_id && (
        <Link to="/clients/$client" params={{ client: client_id }}>
          <Name>{client_id}</Name>
        </Link>
      )}
      {family_id && (
        <Link to="/families/$family" params={{ family: family_id }}>
          <Id value={family_id} />
        </Link>
      )}
    </span>
  );
}
