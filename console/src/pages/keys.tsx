import { useQuery } from '@tanstack/react-query';
import { get, send, type Schemas } from '../api';
import { Confirm } from '../dialog';
import { useTexts } from '../preferences';
import { useMay } from '../session';
import { Table } from '../table';
import { Badge, Empty, Id, Loaded, Moment, PageTitle, type Tone } from '../ui';

type Key = Schemas['SigningKeyDto'];

const TONES: Record<string, Tone> = { signing: 'good', next: 'quiet', verifying: 'warn', retired: 'bad' };

export function KeysPage() {
  const texts = useTexts();
  const may = useMay();
  const keys = useQuery({ queryKey: ['/keys'], queryFn: () => get<Schemas['SigningKeyListDto']>('/keys') });
  return (
    <>
      <PageTitle
        actions={
          may('rekey:keys') && (
            <Confirm
              label={texts.keys.rotate}
              kind="primary"
              text={texts.keys.rotateText}
              act={() => send('POST', '/keys/rotations', {})}
              changes={['/keys']}
            />
          )
        }
      >
        {texts.keys.title}
      </PageTitle>
      <p className="lead">{texts.keys.text}</p>
      <Loaded query={keys}>
        {({ items }) =>
          items.length === 0 ? (
            <Empty>{texts.keys.empty}</Empty>
          ) : (
            <Table<Key>
              label={texts.keys.title}
              items={items}
              keyOf={({ kid }) => kid}
              columns={[
                { title: texts.keys.kid, isName: true, cell: ({ kid }) => <Id value={kid} /> },
                { title: texts.keys.algorithm, cell: ({ algorithm }) => algorithm },
                {
                  title: texts.users.state,
                  cell: ({ state }) => (
                    <Badge tone={TONES[state] ?? 'quiet'} title={texts.keys.stateTexts[state]}>
                      {texts.keys.states[state]}
                    </Badge>
                  ),
                },
                { title: texts.keys.from, cell: ({ active_from }) => <Moment at={active_from} exact /> },
                { title: texts.keys.until, cell: ({ verifies_until }) => <Moment at={verifies_until} exact /> },
                ...(may('rekey:keys')
                  ? [
                      {
                        title: texts.actions,
                        cell: ({ kid, state }: Key) =>
                          state !== 'retired' && (
                            <Confirm
                              label={texts.keys.retire}
                              text={texts.keys.retireText}
                              act={() => send('DELETE', `/keys/${encodeURIComponent(kid)}`)}
                              changes={['/keys']}
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
    </>
  );
}
