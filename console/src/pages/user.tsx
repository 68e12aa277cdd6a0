import { useQuery } from '@tanstack/react-query';
import { Link, useParams } from '@tanstack/react-router';
import { useState } from 'react';
import { Input, Label, TextField } from 'react-aria-components';
import { get, send, type Schemas } from '../api';
import { Confirm, Revoke } from '../dialog';
import { EventsTable } from '../events';
import { FamiliesTable } from '../families';
import { useTexts } from '../preferences';
import { useMay } from '../session';
import { Table } from '../table';
import { Badge, Empty, Facts, Id, Loaded, Moment, Name, PageTitle, Section } from '../ui';
import { textIn, UserState } from './users';

type User = Schemas['UserDto'];

const pathOf = ({ subject }: User): string => `/users/${encodeURIComponent(subject)}`;

export function UserPage() {
  const { user } = useParams({ from: '/users/$user' });
  const found = useQuery({
    queryKey: ['/users', user],
    queryFn: () => get<User>(`/users/${encodeURIComponent(user)}`),
  });
  return (
    <Loaded query={found}>
      {(one) => (
        <>
          <Summary user={one} />
          <Sessions user={one} />
          <Families user={one} />
          <Consents user={one} />
          <Events user={one} />
        </>
      )}
    </Loaded>
  );
}

function Summary({ user }: { user: User }) {
  const texts = useTexts();
  return (
    <>
      <PageTitle actions={<Actions user={user} />}>
        <Name>{user.username}</Name>
      </PageTitle>
      <Facts
        items={[
          [texts.users.state, <UserState key="" user={user} />],
          [texts.users.name, <Name key="">{textIn(user.claims['name'])}</Name>],
          [texts.users.email, <Name key="">{textIn(user.claims['email'])}</Name>],
          user.groups.length > 0 && [texts.user.groups, <Name key="">{user.groups.join(', ')}</Name>],
          [
            texts.user.roles,
            user.admin_roles.length > 0 ? <code key="">{user.admin_roles.join(' ')}</code> : texts.none,
          ],
          [texts.users.created, <Moment key="" at={user.created_at} />],
          [
            texts.user.passwordChanged,
            user.has_password ? <Moment key="" at={user.password_changed_at} /> : texts.user.noPassword,
          ],
          [texts.user.subject, <Id key="" value={user.subject} whole />],
        ]}
      />
    </>
  );
}

function Actions({ user }: { user: User }) {
  const texts = useTexts();
  const may = useMay();
  const setDisabled = (disabled: boolean) => () => send('PATCH', pathOf(user), { disabled });
  return (
    <>
      {may('rekey:users') && <SetPassword user={user} />}
      {may('rekey:admin') && <EditRoles user={user} />}
      {may('rekey:users') &&
        (user.disabled ? (
          <Confirm
            label={texts.user.enable}
            kind="primary"
            text={texts.user.enableText}
            act={setDisabled(false)}
            changes={['/users', '/families']}
          />
        ) : (
          <Confirm
            label={texts.user.disable}
            text={texts.user.disableText}
            act={setDisabled(true)}
            changes={['/users', '/families']}
          />
        ))}
      {may('rekey:revoke') && (
        <Revoke label={texts.user.revoke} revocation="subject" value={user.subject} name={user.username} />
      )}
    </>
  );
}

function SetPassword({ user }: { user: User }) {
  const texts = useTexts();
  const [password, setPassword] = useState('');
  return (
    <Confirm
      label={texts.user.setPassword}
      kind="plain"
      text={texts.user.setPasswordText}
      isReady={password !== ''}
      act={() => send('POST', `${pathOf(user)}/password`, { password }).then(() => setPassword(''))}
      changes={['/users', '/sessions']}
    >
      <TextField className="field" type="password" value={password} onChange={setPassword} autoComplete="new-password">
        <Label>{texts.user.newPassword}</Label>
        <Input />
      </TextField>
    </Confirm>
  );
}

function EditRoles({ user }: { user: User }) {
  const texts = useTexts();
  const [roles, setRoles] = useState<readonly string[]>(user.admin_roles);
  const toggle = (role: string) =>
    setRoles(roles.includes(role) ? roles.filter((one) => one !== role) : [...roles, role]);
  return (
    <Confirm
      label={texts.user.editRoles}
      kind="plain"
      text={texts.user.rolesText}
      act={() => send('PUT', `${pathOf(user)}/admin-roles`, { admin_roles: roles })}
      changes={['/users', 'session']}
    >
      <fieldset className="form">
        <legend className="hidden">{texts.user.roles}</legend>
        {Object.entries(texts.roles).map(([role, text]) => (
          <label key={role} className="check">
            <input type="checkbox" checked={roles.includes(role)} onChange={() => toggle(role)} />
            <span>
              <code>{role}</code> <span className="muted">{text}</span>
            </span>
          </label>
        ))}
      </fieldset>
    </Confirm>
  );
}

function Sessions({ user }: { user: User }) {
  const texts = useTexts();
  const may = useMay();
  const sessions = useQuery({
    queryKey: ['/sessions', user.subject],
    queryFn: () => get<Schemas['LoginSessionListDto']>(`${pathOf(user)}/sessions`),
  });
  return (
    <Section title={texts.user.sessions}>
      <Loaded query={sessions}>
        {({ items }) =>
          items.length === 0 ? (
            <Empty>{texts.user.noSessions}</Empty>
          ) : (
            <Table
              label={texts.user.sessions}
              items={items}
              keyOf={({ session_id }) => session_id}
              columns={[
                { title: texts.session.browser, isName: true, cell: (one) => <Name>{one.user_agent ?? '–'}</Name> },
                { title: texts.session.address, cell: ({ source }) => <Name>{source}</Name> },
                { title: texts.session.signedIn, cell: ({ created_at }) => <Moment at={created_at} /> },
                { title: texts.session.lastUsed, cell: ({ last_used_at }) => <Moment at={last_used_at} /> },
                ...(may('rekey:users')
                  ? [
                      {
                        title: texts.actions,
                        cell: ({ session_id }: Schemas['LoginSessionDto']) => (
                          <Confirm
                            label={texts.user.endSession}
                            text={texts.user.endSessionText}
                            act={() => send('DELETE', `${pathOf(user)}/sessions/${session_id}`)}
                            changes={['/sessions', '/families', '/audit']}
                          />
                        ),
                      },
                    ]
                  : []),
              ]}
            />
          )
        }
      </Loaded>
    </Section>
  );
}

function Families({ user }: { user: User }) {
  const texts = useTexts();
  return (
    <Section title={texts.user.families}>
      <FamiliesTable query={{ subject: user.subject }} limit={10} empty={texts.user.noFamilies} />
    </Section>
  );
}

function Consents({ user }: { user: User }) {
  const texts = useTexts();
  const consents = useQuery({
    queryKey: ['/consents', user.subject],
    queryFn: () => get<Schemas['ConsentListDto']>(`${pathOf(user)}/consents`),
  });
  return (
    <Section title={texts.user.consents}>
      <Loaded query={consents}>
        {({ items }) =>
          items.length === 0 ? (
            <Empty>{texts.user.noConsents}</Empty>
          ) : (
            <Table
              label={texts.user.consents}
              items={items}
              keyOf={({ client_id }) => client_id}
              columns={[
                {
                  title: texts.family.client,
                  isName: true,
                  cell: ({ client_id }) => (
                    <Link to="/clients/$client" params={{ client: client_id }}>
                      <Name>{client_id}</Name>
                    </Link>
                  ),
                },
                { title: texts.family.scope, cell: ({ scope }) => <Badge>{scope}</Badge> },
                { title: texts.users.created, cell: ({ granted_at }) => <Moment at={granted_at} /> },
              ]}
            />
          )
        }
      </Loaded>
    </Section>
  );
}

function Events({ user }: { user: User }) {
  const texts = useTexts();
  const may = useMay();
  return (
    <Section
      title={texts.user.events}
      actions={
        may('rekey:audit') && (
          <Link to="/audit" search={{ subject: user.subject }}>
            {texts.user.allEvents}
          </Link>
        )
      }
    >
      {may('rekey:audit') ? (
        <EventsTable query={{ subject: user.subject }} limit={10} goesOn={false} empty={texts.user.noEvents} />
      ) : (
        <Empty>{texts.user.needsAudit}</Empty>
      )}
    </Section>
  );
}
