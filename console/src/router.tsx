/** The pages and their paths. */
import { createRootRoute, createRoute, createRouter, Link } from '@tanstack/react-router';
import { Layout } from './layout';
import { useTexts } from './preferences';
import { AuditPage, FILTERS } from './pages/audit';
import { ClientPage } from './pages/client';
import { ClientsPage } from './pages/clients';
import { ExplainPage } from './pages/explain';
import { FamilyPage } from './pages/family';
import { KeysPage } from './pages/keys';
import { NewClientPage } from './pages/new-client';
import { OverviewPage } from './pages/overview';
import { RevocationsPage } from './pages/revocations';
import { UserPage } from './pages/user';
import { UsersPage } from './pages/users';

const root = createRootRoute({ component: Layout, notFoundComponent: NotFound });

const texts = (names: readonly string[]) => (search: Record<string, unknown>) =>
  Object.fromEntries(
    names.flatMap((name) => (typeof search[name] === 'string' && search[name] !== '' ? [[name, search[name]]] : [])),
  ) as Record<string, string>;

const parent = { getParentRoute: () => root } as const;

const tree = root.addChildren([
  createRoute({ ...parent, path: '/', component: OverviewPage }),
  createRoute({ ...parent, path: '/users', component: UsersPage, validateSearch: texts(['search']) }),
  createRoute({ ...parent, path: '/users/$user', component: UserPage }),
  createRoute({ ...parent, path: '/families/$family', component: FamilyPage }),
  createRoute({ ...parent, path: '/clients', component: ClientsPage }),
  createRoute({ ...parent, path: '/clients/new', component: NewClientPage }),
  createRoute({ ...parent, path: '/clients/$client', component: ClientPage }),
  createRoute({ ...parent, path: '/explain', component: ExplainPage }),
  createRoute({ ...parent, path: '/revocations', component: RevocationsPage }),
  createRoute({ ...parent, path: '/audit', component: AuditPage, validateSearch: texts(FILTERS) }),
  createRoute({ ...parent, path: '/keys', component: KeysPage }),
]);

/** Values in the address are texts, so that a search for 123 stays one. */
export const createConsoleRouter = (home: string) =>
  createRouter({
    routeTree: tree,
    basepath: home,
    parseSearch: (text) => Object.fromEntries(new URLSearchParams(text)),
    stringifySearch: (search) => {
      const given = Object.entries(search).filter(([, value]) => value !== undefined && value !== '');
      const text = new URLSearchParams(given as [string, string][]).toString();
      return text === '' ? '' : `?${text}`;
    },
    scrollRestoration: true,
  });

declare module '@tanstack/react-router' {
  interface Register {
    router: ReturnType<typeof createConsoleRouter>;
  }
}

function NotFound() {
  const texts = useTexts();
  return (
    <>
      <h1>{texts.notFound}</h1>
      <Link to="/">{texts.toOverview}</Link>
    </>
  );
}
