import { useQuery } from '@tanstack/react-query';
import { Link, useParams } from '@tanstack/react-router';
import { get, type Schemas } from '../api';
import { Revoke } from '../dialog';
import { useTexts } from '../preferences';
import { useMay } from '../session';
import { Badge, Empty, Facts, Id, Loaded, Moment, Name, PageTitle, Section, State, type Tone } from '../ui';

type Timeline = Schemas['TimelineDto'];

export function FamilyPage() {
  const texts = useTexts();
  const may = useMay();
  const { family: id } = useParams({ from: '/families/$family' });
  const timeline = useQuery({
    queryKey: ['/families', id],
    queryFn: () => get<Timeline>(`/families/${encodeURIComponent(id)}/timeline`, { limit: '200' }),
  });
  return (
    <Loaded query={timeline}>
      {({ family, fork, items }) => (
        <>
          <PageTitle
            actions={
              family.state === 'active' &&
              may('rekey:revoke') && (
                <Revoke
                  label={texts.family.revoke}
                  revocation="family"
                  value={family.family_id}
                  name={family.family_id}
                />
              )
            }
          >
            {texts.family.title}
          </PageTitle>
          <FamilyFacts family={family} />
          {fork && <Fork fork={fork} />}
          <Section title={texts.family.timeline}>
            <p className="lead">{texts.family.timelineText}</p>
            {items.length === 0 ? <Empty>{texts.family.noTimeline}</Empty> : <Entries items={items} />}
          </Section>
        </>
      )}
    </Loaded>
  );
}

function FamilyFacts({ family }: { family: Schemas['FamilyDto'] }) {
  const texts = useTexts();
  return (
    <Facts
      items={[
        [texts.family.state, <State key="" state={family.state} />],
        family.revoked_reason !== undefined && [
          texts.family.reason,
          <>
            {texts.reasons[family.revoked_reason] ?? <Name>{family.revoked_reason}</Name>}{' '}
            <Moment at={family.revoked_at} />
          </>,
        ],
        [
          texts.family.user,
          <Link key="" to="/users/$user" params={{ user: family.subject }}>
            <Id value={family.subject} />
          </Link>,
        ],
        [
          texts.family.client,
          <Link key="" to="/clients/$client" params={{ client: family.client_id }}>
            <Name>{family.client_id}</Name>
          </Link>,
        ],
        [texts.family.generation, family.generation.toLocaleString(texts.language)],
        [texts.family.scope, <code key="">{family.scope}</code>],
        [texts.family.started, <Moment key="" at={family.created_at} exact />],
        [texts.family.lastUsed, <Moment key="" at={family.last_used_at} />],
        [texts.family.idleExpires, <Moment key="" at={family.idle_expires_at} />],
        [texts.family.expires, <Moment key="" at={family.absolute_expires_at} />],
        [texts.family.id, <Id key="" value={family.family_id} whole />],
      ]}
    />
  );
}

/** Where the family split in two, and which branch looks like the thief's. */
function Fork({ fork }: { fork: NonNullable<Timeline['fork']> }) {
  const texts = useTexts();
  return (
    <Section title={texts.family.fork}>
      <div className="card">
        <p>
          <Badge tone="bad">{texts.family.suspects[fork.suspect]}</Badge> {texts.family.forkedAt(fork.generation)}{' '}
          <Moment at={fork.replayed_at} exact />
        </p>
        <ul className="evidence">
          {fork.evidence.map((sentence) => (
            <li key={sentence}>{sentence}</li>
          ))}
        </ul>
      </div>
    </Section>
  );
}

const TONES: Record<string, Tone> = {
  'refresh.reused': 'bad',
  'revocation.created': 'bad',
  'refresh.refused': 'warn',
  'refresh.retried': 'warn',
  'refresh.rotated': 'good',
  'code.replayed': 'bad',
};

function Entries({ items }: { items: Timeline['items'] }) {
  const texts = useTexts();
  return (
    <ol className="timeline">
      {items.map((entry) => (
        <li key={entry.id} className={TONES[entry.event] ?? ''}>
          <p>
            <strong>{texts.events[entry.event] ?? entry.event}</strong>{' '}
            {entry.generation !== undefined && (
              <span className="muted">
                {texts.family.generation} {entry.generation}
              </span>
            )}{' '}
            {entry.reason && <Badge>{texts.reasons[entry.reason] ?? entry.reason}</Badge>}
          </p>
          <p className="small muted">
            <Moment at={entry.at} exact />
            {entry.source && (
              <>
                {' · '}
                <Name>{entry.source}</Name>
              </>
            )}
            {entry.agent && (
              <>
                {' · '}
                <Name>{entry.agent}</Name>
              </>
            )}
            {entry.actor && (
              <>
                {' · '}
                <Name>{entry.actor}</Name>
              </>
            )}
          </p>
        </li>
      ))}
    </ol>
  );
}
