import { useQuery } from '@tanstack/react-query';
import { useParams } from '@tanstack/react-router';
import { get, type Schemas } from '../api';
import { useTexts } from '../preferences';
import { Facts, Id, Loaded, Moment, Name, PageTitle } from '../ui';
import { textIn, UserState } from './users';

export function UserPage() {
  const { user } = useParams({ from: '/users/$user' });
  const found = useQuery({
    queryKey: ['/users', user],
    queryFn: () => get<Schemas['UserDto']>(`/users/${encodeURIComponent(user)}`),
  });
  return <Loaded query={found}>{(one) => <Summary user={one} />}</Loaded>;
}

function Summary({ user }: { user: Schemas['UserDto'] }) {
  const texts = useTexts();
  return (
    <>
      <PageTitle>
        <Name>{user.username}</Name>
      </PageTitle>
      <Facts
        items={[
          [texts.users.state, <UserState key="" user={user} />],
          [texts.users.name, <Name key="">{textIn(user.claims['name'])}</Name>],
          [texts.users.email, <Name key="">{textIn(user.claims['email'])}</Name>],
          [texts.user.subject, <Id key="" value={user.subject} whole />],
          [texts.users.created, <Moment key="" at={user.created_at} />],
          [
            texts.user.passwordChanged,
            user.has_password ? <Moment key="" at={user.password_changed_at} /> : texts.user.noPassword,
          ],
        ]}
      />
    </>
  );
}
