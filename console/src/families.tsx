/** Token families as rows. */
import { Link } from '@tanstack/react-router';
import type { ReactNode } from 'react';
import type { Query, Schemas } from './api';
import { useTexts } from './preferences';
import { List } from './table';
import { Id, Moment, Name, State } from './ui';

export function FamiliesTable({ query, limit, empty }: { query: Query; limit?: number; empty: ReactNode }) {
  const texts = useTexts();
  return (
    <List<Schemas['FamilyDto']>
      label={texts.user.families}
      path="/families"
      query={query}
      {...(limit !== undefined && { limit })}
      empty={empty}
      keyOf={({ family_id }) => family_id}
      columns={[
        {
          title: texts.family.id,
          isName: true,
          cell: ({ family_id }) => (
            <Link to="/families/$family" params={{ family: family_id }}>
              <Id value={family_id} />
            </Link>
          ),
        },
        query['client_id'] === undefined
          ? { title: texts.family.client, cell: ({ client_id }) => <Name>{client_id}</Name> }
          : {
              title: texts.family.user,
              cell: ({ subject }) => (
                <Link to="/users/$user" params={{ user: subject }}>
                  <Id value={subject} />
                </Link>
              ),
            },
        { title: texts.family.state, cell: ({ state }) => <State state={state} /> },
        { title: texts.family.generation, cell: ({ generation }) => generation.toLocaleString(texts.language) },
        { title: texts.family.lastUsed, cell: ({ last_used_at }) => <Moment at={last_used_at} /> },
      ]}
    />
  );
}
