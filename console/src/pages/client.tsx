import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { useNavigate, useParams } from '@tanstack/react-router';
import { useState } from 'react';
import { get, send, type Schemas } from '../api';
import { ClientForm } from '../client-form';
import { Confirm, Revoke, Window } from '../dialog';
import { FamiliesTable } from '../families';
import { useTexts } from '../preferences';
import { useMay } from '../session';
import { Table } from '../table';
import { Action, Badge, Empty, Facts, Failure, Id, Loaded, Moment, Name, PageTitle, Section } from '../ui';
import { ClientState } from './clients';

type Client = Schemas['ClientDto'];

const pathOf = (id: string): string => `/clients/${encodeURIComponent(id)}`;

export function ClientPage() {
  const { client: id } = useParams({ from: '/clients/$client' });
  const client = useQuery({ queryKey: ['/clients', id], queryFn: () => get<Client>(pathOf(id)) });
  return <Loaded query={client}>{(one) => <Shown client={one} />}</Loaded>;
}

function Shown({ client }: { client: Client }) {
  const texts = useTexts();
  const may = useMay();
  return (
    <>
      <PageTitle actions={<Actions client={client} />}>
        <Name>{client.name}</Name>
      </PageTitle>
      <Facts
        items={[
          [texts.users.state, <ClientState key="" client={client} />],
          [texts.clients.id, <Id key="" value={client.client_id} whole />],
          [texts.clients.type, texts.clients.types[client.type]],
          [texts.clients.grants, <code key="">{client.grant_types.join(' ')}</code>],
          [texts.clients.scopes, <code key="">{client.scopes.join(' ') || texts.none}</code>],
          [texts.clients.redirects, <Name key="">{client.redirect_uris.join(' ') || texts.none}</Name>],
          [texts.users.created, <Moment key="" at={client.created_at} />],
        ]}
      />
      <Section title={texts.clients.policy}>
        <ul className="card evidence">
          {texts.clients.policyInWords(client.refresh).map((sentence) => (
            <li key={sentence}>{sentence}</li>
          ))}
        </ul>
      </Section>
      {may('rekey:clients') && (
        <Section title={texts.clients.edit}>
          <ClientForm client={client} />
        </Section>
      )}
      {client.type === 'confidential' && <Secrets client={client} />}
      <Section title={texts.user.families}>
        <FamiliesTable query={{ client_id: client.client_id }} limit={10} empty={texts.user.noFamilies} />
      </Section>
    </>
  );
}

function Actions({ client }: { client: Client }) {
  const texts = useTexts();
  const may = useMay();
  const navigate = useNavigate();
  const { client_id: id, disabled } = client;
  return (
    <>
      {may('rekey:clients') && (
        <Confirm
          label={disabled ? texts.user.enable : texts.user.disable}
          kind={disabled ? 'primary' : 'danger'}
          text={disabled ? texts.clients.enableText : texts.clients.disableText}
          act={() => send('PATCH', pathOf(id), { disabled: !disabled })}
          changes={['/clients']}
        />
      )}
      {may('rekey:revoke') && <Revoke label={texts.user.revoke} revocation="client" value={id} name={client.name} />}
      {may('rekey:clients') && (
        <Confirm
          label={texts.clients.delete}
          text={texts.clients.deleteText}
          act={() => send('DELETE', pathOf(id)).then(() => navigate({ to: '/clients' }))}
          changes={[]}
        />
      )}
    </>
  );
}

function Secrets({ client }: { client: Client }) {
  const texts = useTexts();
  const may = useMay();
  const path = `${pathOf(client.client_id)}/secrets`;
  const secrets = useQuery({
    queryKey: ['/secrets', client.client_id],
    queryFn: () => get<Schemas['SecretListDto']>(path),
  });
  return (
    <Section
      title={texts.clients.secrets}
      actions={
        may('rekey:clients') && (
          <Window label={texts.clients.addSecret} title={texts.clients.addSecret}>
            {(close) => <AddSecret path={path} close={close} />}
          </Window>
        )
      }
    >
      <Loaded query={secrets}>
        {({ items }) =>
          items.length === 0 ? (
            <Empty>{texts.clients.noSecrets}</Empty>
          ) : (
            <Table
              label={texts.clients.secrets}
              items={items}
              keyOf={({ secret_id }) => secret_id}
              columns={[
                { title: texts.clients.secret, isName: true, cell: ({ secret_id }) => <Id value={secret_id} /> },
                { title: texts.users.created, cell: ({ created_at }) => <Moment at={created_at} /> },
                { title: texts.session.lastUsed, cell: ({ last_used_at }) => <Moment at={last_used_at} /> },
                {
                  title: texts.session.expires,
                  cell: ({ expires_at }) =>
                    expires_at ? <Moment at={expires_at} /> : <Badge>{texts.clients.never}</Badge>,
                },
                ...(may('rekey:clients')
                  ? [
                      {
                        title: texts.actions,
                        cell: ({ secret_id }: Schemas['SecretDto']) => (
                          <Confirm
                            label={texts.clients.deleteSecret}
                            text={texts.clients.deleteSecretText}
                            act={() => send('DELETE', `${path}/${secret_id}`)}
                            changes={['/secrets']}
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

/** The old secrets go on for a while, so that no client stands without a valid one. */
const OVERLAPS_HOURS = [1, 24, 24 * 7] as const;

function AddSecret({ path, close }: { path: string; close: () => void }) {
  const texts = useTexts();
  const client = useQueryClient();
  const [overlap, setOverlap] = useState('');
  const add = useMutation({
    mutationFn: () =>
      send<Schemas['AddedSecretDto']>('POST', path, {
        ...(overlap !== '' && { others_expire_at: new Date(Date.now() + Number(overlap) * 3_600_000).toISOString() }),
      }),
    onSuccess: () => client.invalidateQueries({ queryKey: ['/secrets'] }),
    gcTime: 0,
  });
  if (add.data) {
    return (
      <>
        <p className="notice notice-warn">{texts.clients.shownOnce}</p>
        <Id value={add.data.client_secret} whole />
        <div className="actions">
          <Action kind="primary" onPress={close}>
            {texts.close}
          </Action>
        </div>
      </>
    );
  }
  return (
    <div className="form">
      <label className="field">
        {texts.clients.overlap}
        <select value={overlap} onChange={({ target }) => setOverlap(target.value)}>
          <option value="">{texts.clients.overlapForever}</option>
          {OVERLAPS_HOURS.map((hours) => (
            <option key={hours} value={hours}>
              {texts.clients.overlapHours(hours)}
            </option>
          ))}
        </select>
      </label>
      {add.isError && <Failure error={add.error} />}
      <div className="actions">
        <Action onPress={close}>{texts.cancel}</Action>
        <Action kind="primary" isDisabled={add.isPending} onPress={() => add.mutate()}>
          {texts.clients.addSecret}
        </Action>
      </div>
    </div>
  );
}
