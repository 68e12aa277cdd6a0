import { Link } from '@tanstack/react-router';
import { EventsTable } from '../events';
import { useTexts } from '../preferences';
import { useMay, useSession } from '../session';
import { Name, PageTitle, Section } from '../ui';

/** What needs attention: the events that tell of a thief, of a broken client, or of a change by an admin. */
export function OverviewPage() {
  const texts = useTexts();
  const may = useMay();
  const { username, roles, issuer } = useSession();
  return (
    <>
      <PageTitle>{texts.nav.overview}</PageTitle>
      <p className="lead">
        {texts.signedInAs} <Name>{username}</Name> · <code>{roles.join(' ')}</code> · <Name>{issuer}</Name>
      </p>
      <ul className="cards">
        <li className="card">
          <h2>
            <Link to="/users">{texts.nav.users}</Link>
          </h2>
          <p className="muted">{texts.overview.users}</p>
        </li>
        <li className="card">
          <h2>
            <Link to="/explain">{texts.nav.explain}</Link>
          </h2>
          <p className="muted">{texts.overview.explain}</p>
        </li>
        <li className="card">
          <h2>
            <Link to="/revocations">{texts.nav.revocations}</Link>
          </h2>
          <p className="muted">{texts.overview.revocations}</p>
        </li>
      </ul>
      {may('rekey:audit') && (
        <>
          <Section title={texts.overview.reuse}>
            <p className="lead">{texts.overview.reuseText}</p>
            <EventsTable query={{ event: 'refresh.reused' }} limit={5} goesOn={false} empty={texts.overview.noReuse} />
          </Section>
          <Section title={texts.overview.refused}>
            <p className="lead">{texts.overview.refusedText}</p>
            <EventsTable
              query={{ event: 'refresh.refused' }}
              limit={5}
              goesOn={false}
              empty={texts.overview.noRefused}
            />
          </Section>
        </>
      )}
    </>
  );
}
