import { Link } from '@tanstack/react-router';
import type { Schemas } from '../api';
import { useTexts } from '../preferences';
import { useMay } from '../session';
import { List } from '../table';
import { Badge, Moment, Name, PageTitle } from '../ui';

export function ClientsPage() {
  const texts = useTexts();
  const may = useMay();
  return (
    <>
      <PageTitle
        actions={
          may('rekey:clients') && (
            <Link to="/clients/new" className="button button-primary">
              {texts.clients.new}
            </Link>
          )
        }
      >
        {texts.nav.clients}
      </PageTitle>
      <List<Schemas['ClientDto']>
        label={texts.nav.clients}
        path="/clients"
        limit={50}
        keyOf={({ client_id }) => client_id}
        empty={texts.clients.empty}
        columns={[
          {
            title: texts.clients.name,
            isName: true,
            cell: ({ client_id, name }) => (
              <Link to="/clients/$client" params={{ client: client_id }}>
                <Name>{name}</Name>
              </Link>
            ),
          },
          { title: texts.clients.id, cell: ({ client_id }) => <code>{client_id}</code> },
          { title: texts.clients.type, cell: ({ type }) => texts.clients.types[type] },
          { title: texts.users.state, cell: (client) => <ClientState client={client} /> },
          { title: texts.users.created, cell: ({ created_at }) => <Moment at={created_at} /> },
        ]}
      />
    </>
  );
}

export function ClientState({ client: { disabled } }: { client: Schemas['ClientDto'] }) {
  const texts = useTexts();
  return disabled ? <Badge tone="warn">{texts.users.disabled}</Badge> : <Badge tone="good">{texts.users.active}</Badge>;
}
