import { useNavigate, useSearch } from '@tanstack/react-router';
import { useState } from 'react';
import { EventsTable } from '../events';
import { useTexts } from '../preferences';
import { Action, PageTitle } from '../ui';

export const FILTERS = ['event', 'subject', 'client_id', 'family_id', 'correlation_id', 'from', 'to'] as const;
type Filter = (typeof FILTERS)[number];

export function AuditPage() {
  const texts = useTexts();
  const navigate = useNavigate();
  const search: Partial<Record<Filter, string>> = useSearch({ from: '/audit' });
  const [draft, setDraft] = useState(search);
  const apply = (wanted: typeof draft) => void navigate({ to: '/audit', search: wanted as Record<string, string> });
  return (
    <>
      <PageTitle>{texts.audit.title}</PageTitle>
      <form
        className="filters"
        onSubmit={(event) => {
          event.preventDefault();
          apply(draft);
        }}
      >
        {FILTERS.map((name) => (
          <label key={name} className="field">
            {texts.audit.filters[name]}
            {name === 'event' ? (
              <select value={draft.event ?? ''} onChange={({ target }) => setDraft({ ...draft, event: target.value })}>
                <option value="">{texts.audit.any}</option>
                {Object.entries(texts.events).map(([event, text]) => (
                  <option key={event} value={event}>
                    {text}
                  </option>
                ))}
              </select>
            ) : (
              <input
                type={name === 'from' || name === 'to' ? 'datetime-local' : 'text'}
                value={localTime(name, draft[name])}
                onChange={({ target }) => setDraft({ ...draft, [name]: instant(name, target.value) })}
              />
            )}
          </label>
        ))}
        <div className="actions">
          <Action type="submit" kind="primary">
            {texts.audit.apply}
          </Action>
          <Action
            onPress={() => {
              setDraft({});
              apply({});
            }}
          >
            {texts.audit.clear}
          </Action>
        </div>
      </form>
      <EventsTable query={search} limit={50} empty={texts.audit.empty} />
    </>
  );
}

/** The field shows this browser's time; the address and the API have UTC. */
function localTime(name: Filter, value = ''): string {
  if ((name !== 'from' && name !== 'to') || value === '') return value;
  const date = new Date(value);
  return new Date(date.getTime() - date.getTimezoneOffset() * 60_000).toISOString().slice(0, 16);
}

const instant = (name: Filter, value: string): string =>
  (name === 'from' || name === 'to') && value !== '' ? new Date(value).toISOString() : value;
