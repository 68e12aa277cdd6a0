/** The pages and their paths. */
import { createRootRoute, createRoute, createRouter, Link, redirect } from '@tanstack/react-router';
import { Layout } from './layout';
import { useTexts } from './preferences';
import { UserPage } from './pages/user';
import { UsersPage } from './pages/users';

const root = createRootRoute({ component: Layout, notFoundComponent: NotFound });

const texts = (names: readonly string[]) => (search: Record<string, unknown>) =>
  Object.fromEntries(
    names.flatMap((name) => (typeof search[name] === 'string' && search[name] !== '' ? [[name, search[name]]] : [])),
  ) as Record<string, string>;

const index = createRoute({
  getParentRoute: () => root,
  path: '/',
  beforeLoad: () => {
    throw redirect({ to: '/users' });
  },
});
export const usersRoute = createRoute({
  getParentRoute: () => root,
  path: '/users',
  component: UsersPage,
  validateSearch: texts(['search']),
});
const user = createRoute({ getParentRoute: () => root, path: '/users/$user', component: UserPage });

const tree = root.addChildren([index, usersRoute, user]);

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
