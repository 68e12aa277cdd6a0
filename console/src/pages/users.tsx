import { Link, useNavigate, useSearch } from '@tanstack/react-router';
import { useDeferredValue, useState } from 'react';
import { SearchField, Input, Label, Text } from 'react-aria-components';
import type { Schemas } from '../api';
import { useTexts } from '../preferences';
import { List } from '../table';
import { Badge, Moment, Name, PageTitle } from '../ui';

type User = Schemas['UserDto'];

export function UsersPage() {
  const texts = useTexts();
  const navigate = useNavigate();
  const { search = '' } = useSearch({ from: '/users' });
  const [typed, setTyped] = useState(search);
  const wanted = useDeferredValue(typed.trim());
  // Here and not in an effect, which would also run when the page is left, and lead back to it.
  const type = (text: string) => {
    setTyped(text);
    void navigate({ to: '/users', search: text.trim() ? { search: text.trim() } : {}, replace: true });
  };
  return (
    <>
      <PageTitle>{texts.users.title}</PageTitle>
      <SearchField className="field" value={typed} onChange={type} autoFocus>
        <Label>{texts.users.search}</Label>
        <Input maxLength={200} />
        <Text slot="description">{texts.users.hint}</Text>
      </SearchField>
      <List<User>
        label={texts.users.title}
        path="/users"
        query={wanted ? { search: wanted } : {}}
        keyOf={({ subject }) => subject}
        empty={wanted ? texts.users.nothingFound(wanted) : texts.users.empty}
        columns={[
          { title: texts.users.username, isName: true, cell: UserLink },
          { title: texts.users.name, cell: ({ claims }) => <Name>{textIn(claims['name'])}</Name> },
          { title: texts.users.email, cell: ({ claims }) => <Name>{textIn(claims['email'])}</Name> },
          { title: texts.users.state, cell: (user) => <UserState user={user} /> },
          { title: texts.users.created, cell: ({ created_at }) => <Moment at={created_at} /> },
        ]}
      />
    </>
  );
}

const UserLink = ({ subject, username }: User) => (
  <Link to="/users/$user" params={{ user: subject }}>
    <Name>{username}</Name>
  </Link>
);

export function UserState({ user: { disabled, admin_roles } }: { user: User }) {
  const texts = useTexts();
  return (
    <>
      {disabled ? <Badge tone="warn">{texts.users.disabled}</Badge> : <Badge tone="good">{texts.users.active}</Badge>}{' '}
      {admin_roles.length > 0 && <Badge title={admin_roles.join(' ')}>{texts.users.admin}</Badge>}
    </>
  );
}

export const textIn = (value: unknown): string => (typeof value === 'string' ? value : '–');
