/** What is around every page: the navigation, who is signed in, the language and the colours. */
import { Link, Outlet, useRouterState } from '@tanstack/react-router';
import { useEffect, useRef, useState } from 'react';
import { signOut } from './api';
import { languages, themes, usePreferences, useTexts, type Language, type Theme } from './preferences';
import { useMay, useSession } from './session';
import { Action, Name } from './ui';

const NAMES: Record<Language, string> = { en: 'English', 'zh-Hant': '繁體中文' };

const PLACES = [
  { to: '/', name: 'overview', role: 'rekey:read' },
  { to: '/users', name: 'users', role: 'rekey:read' },
  { to: '/clients', name: 'clients', role: 'rekey:read' },
  { to: '/explain', name: 'explain', role: 'rekey:read' },
  { to: '/revocations', name: 'revocations', role: 'rekey:read' },
  { to: '/audit', name: 'audit', role: 'rekey:audit' },
  { to: '/keys', name: 'keys', role: 'rekey:read' },
] as const;

export function Layout() {
  const texts = useTexts();
  const { service } = useSession();
  const [isOpen, setOpen] = useState(false);
  const path = useRouterState({ select: ({ location }) => location.pathname });
  const main = useRef<HTMLElement>(null);
  const isFirst = useRef(true);
  // A new page is read from its beginning, also by a screen reader; the menu of a phone closes.
  useEffect(() => {
    setOpen(false);
    if (!isFirst.current) main.current?.focus();
    isFirst.current = false;
    document.title = `${main.current?.querySelector('h1')?.textContent ?? texts.console} · ${service}`;
  }, [path, texts, service]);
  return (
    <div className="frame">
      <a className="skip" href="#content">
        {texts.skip}
      </a>
      <header className="side">
        <div className="brand">
          <span className="brand-mark" aria-hidden="true">
            {[...service][0]}
          </span>
          <span className="brand-name">
            {service} <span className="muted">{texts.console}</span>
          </span>
          <button className="menu" aria-expanded={isOpen} aria-controls="places" onClick={() => setOpen(!isOpen)}>
            {texts.menu}
          </button>
        </div>
        <div id="places" className={isOpen ? 'places open' : 'places'}>
          <Navigation />
          <Settings />
        </div>
      </header>
      <main id="content" ref={main} tabIndex={-1}>
        <Outlet />
      </main>
    </div>
  );
}

function Navigation() {
  const texts = useTexts();
  const may = useMay();
  return (
    <nav aria-label={texts.console}>
      <ul>
        {PLACES.filter(({ role }) => may(role)).map(({ to, name }) => (
          <li key={to}>
            <Link
              to={to}
              className="place"
              activeOptions={{ exact: to === '/' }}
              activeProps={{ 'aria-current': 'page' }}
            >
              {texts.nav[name]}
            </Link>
          </li>
        ))}
      </ul>
    </nav>
  );
}

function Settings() {
  const texts = useTexts();
  const { username } = useSession();
  const { language, setLanguage, theme, setTheme } = usePreferences();
  return (
    <div className="settings">
      <label>
        {texts.language_}
        <select value={language} onChange={({ target }) => setLanguage(target.value as Language)}>
          {Object.keys(languages).map((one) => (
            <option key={one} value={one} lang={one}>
              {NAMES[one as Language]}
            </option>
          ))}
        </select>
      </label>
      <label>
        {texts.theme}
        <select value={theme} onChange={({ target }) => setTheme(target.value as Theme)}>
          {themes.map((one) => (
            <option key={one} value={one}>
              {texts.themes[one]}
            </option>
          ))}
        </select>
      </label>
      <p className="small">
        <span className="muted">{texts.signedInAs}</span> <Name>{username}</Name>
      </p>
      <Action onPress={() => void signOut()}>{texts.signOut}</Action>
    </div>
  );
}
