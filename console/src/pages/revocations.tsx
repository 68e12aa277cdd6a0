import { useState } from 'react';
import { Link } from '@tanstack/react-router';
import type { Schemas } from '../api';
import { Revoke } from '../dialog';
import { useTexts } from '../preferences';
import { useMay } from '../session';
import { List } from '../table';
import { Badge, Id, Moment, Name, PageTitle, Section } from '../ui';

const KINDS = ['family', 'subject', 'client', 'token', 'all'] as const;

export function RevocationsPage() {
  const texts = useTexts();
  const may = useMay();
  return (
    <>
      <PageTitle>{texts.nav.revocations}</PageTitle>
      {may('rekey:revoke') && <New />}
      <Section title={texts.revoke.list}>
        <p className="lead">{texts.revoke.listText}</p>
        <List<Schemas['RevocationDto']>
          label={texts.nav.revocations}
          path="/revocations"
          keyOf={({ id }) => id}
          empty={texts.revoke.empty}
          columns={[
            { title: texts.users.created, cell: ({ created_at }) => <Moment at={created_at} /> },
            {
              title: texts.revoke.what,
              isName: true,
              cell: ({ kind, value }) => (
                <>
                  <Badge tone="bad">{texts.revoke.kinds[kind]}</Badge> {value && <Target kind={kind} value={value} />}
                </>
              ),
            },
            { title: texts.reason, cell: ({ reason }) => texts.reasons[reason] ?? <Name>{reason}</Name> },
            { title: texts.audit.actor, cell: ({ actor }) => <Name>{actor}</Name> },
          ]}
        />
      </Section>
    </>
  );
}

function Target({ kind, value }: { kind: string; value: string }) {
  const shown = <Id value={value} />;
  if (kind === 'family') {
    return (
      <Link to="/families/$family" params={{ family: value }}>
        {shown}
      </Link>
    );
  }
  if (kind === 'subject') {
    return (
      <Link to="/users/$user" params={{ user: value }}>
        {shown}
      </Link>
    );
  }
  return shown;
}

function New() {
  const texts = useTexts();
  const [kind, setKind] = useState<(typeof KINDS)[number]>('family');
  const [value, setValue] = useState('');
  const needsValue = kind !== 'all';
  return (
    <Section title={texts.revoke.new}>
      <div className="card">
        <p className="lead">{texts.revoke.newText}</p>
        <div className="filters">
          <label className="field">
            {texts.revoke.what}
            <select value={kind} onChange={({ target }) => setKind(target.value as typeof kind)}>
              {KINDS.map((one) => (
                <option key={one} value={one}>
                  {texts.revoke.kinds[one]}
                </option>
              ))}
            </select>
          </label>
          {needsValue && (
            <label className="field">
              {texts.revoke.values[kind]}
              <input value={value} maxLength={255} onChange={({ target }) => setValue(target.value)} />
            </label>
          )}
          {(!needsValue || value.trim() !== '') && (
            <Revoke
              label={texts.revoke.preview}
              revocation={kind}
              value={needsValue ? value.trim() : undefined}
              name={needsValue ? value.trim() : texts.revoke.kinds.all}
            />
          )}
        </div>
      </div>
    </Section>
  );
}
