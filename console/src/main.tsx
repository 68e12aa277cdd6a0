import { QueryCache, QueryClient, QueryClientProvider, useQuery } from '@tanstack/react-query';
import { RouterProvider } from '@tanstack/react-router';
import { StrictMode, useEffect, useMemo, useState } from 'react';
import { createRoot } from 'react-dom/client';
import { I18nProvider } from 'react-aria-components';
import { home, Problem, session, signIn } from './api';
import {
  applyTheme,
  chosenLanguage,
  chosenTheme,
  keepLanguage,
  PreferencesContext,
  useTexts,
  type Language,
  type Theme,
} from './preferences';
import { createConsoleRouter } from './router';
import { SessionContext } from './session';
import { Action, Failure, Name, Waiting } from './ui';
import './style.css';

const isRefusal = (error: unknown): boolean =>
  error instanceof Problem && error.status >= 400 && error.status < 500 && error.status !== 429;

const client = new QueryClient({
  queryCache: new QueryCache({
    // The session has ended while the console was open: ask who is signed in, which leads to the sign-in.
    onError: (error, query) => {
      if (error instanceof Problem && [401, 403].includes(error.status) && query.queryKey[0] !== 'session') {
        void client.invalidateQueries({ queryKey: ['session'] });
      }
    },
  }),
  defaultOptions: {
    queries: { retry: (count, error) => count < 2 && !isRefusal(error), staleTime: 5000, refetchOnWindowFocus: true },
  },
});

function Root() {
  const [language, setLanguage] = useState<Language>(chosenLanguage);
  const [theme, setTheme] = useState<Theme>(chosenTheme);
  const preferences = useMemo(
    () => ({
      language,
      setLanguage: (one: Language) => (keepLanguage(one), setLanguage(one)),
      theme,
      setTheme: (one: Theme) => (applyTheme(one), setTheme(one)),
    }),
    [language, theme],
  );
  useEffect(() => void (document.documentElement.lang = language), [language]);
  return (
    <PreferencesContext value={preferences}>
      <I18nProvider locale={language === 'zh-Hant' ? 'zh-TW' : 'en-GB'}>
        <QueryClientProvider client={client}>
          <Gate />
        </QueryClientProvider>
      </I18nProvider>
    </PreferencesContext>
  );
}

const router = createConsoleRouter(home);

/** Lets in whoever is signed in and has a role. */
function Gate() {
  const texts = useTexts();
  const who = useQuery({ queryKey: ['session'], queryFn: session });
  const problem = new URLSearchParams(location.search).get('problem');
  const isSignedOut = who.error instanceof Problem && who.error.status === 401;
  useEffect(() => {
    if (isSignedOut && problem === null) signIn();
  }, [isSignedOut, problem]);
  if (isSignedOut && problem !== null) return <SignedOut problem={problem} />;
  if (isSignedOut || who.isPending) return <Waiting />;
  if (!who.data) return <Failure error={who.error} retry={() => void who.refetch()} />;
  if (who.data.roles.length > 0) {
    return (
      <SessionContext value={who.data}>
        <RouterProvider router={router} />
      </SessionContext>
    );
  }
  return (
    <main className="alone">
      <h1>{texts.problems.noRole}</h1>
      <p>
        {texts.signedInAs} <Name>{who.data.username}</Name>
      </p>
      <p>{texts.problems.noRoleText}</p>
      <pre>rekey user set-admin-roles {who.data.username} rekey:read</pre>
      <Action onPress={() => void who.refetch()}>{texts.retry}</Action>
    </main>
  );
}

function SignedOut({ problem }: { problem: string }) {
  const texts = useTexts();
  const { sign_in_lost, sign_in_failed, denied, no_tls } = texts.problems;
  const said = { sign_in_lost, sign_in_failed, denied, no_tls }[problem] ?? sign_in_failed;
  return (
    <main className="alone">
      <h1>{texts.problems.title}</h1>
      <p>{said}</p>
      <Action kind="primary" onPress={() => signIn(home)}>
        {texts.signIn}
      </Action>
    </main>
  );
}

applyTheme(chosenTheme());
createRoot(document.getElementById('root')!).render(
  <StrictMode>
    <Root />
  </StrictMode>,
);
