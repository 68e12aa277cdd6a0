/** The pages of the demo client. */
import { html, type Html } from './html.js';
import type { Problem } from './problem.js';
import type { Tokens } from './relying-party.js';
import type { Session } from './session.js';

/** Claims with times in seconds since the epoch. */
const TIMES = ['iat', 'exp', 'auth_time', 'nbf', 'updated_at'];

export const signedOutPage = (issuer: string): Html =>
  layout(
    'Signed out',
    html`<h1>Nobody is signed in</h1>
      <p>This is an application that leaves signing in to <span class="code">${issuer}</span>.</p>
      <p class="actions">
        <a class="button primary" href="/sign-in">Sign in</a>
        <a class="button" href="/sign-in?prompt=none">Sign in without being asked</a>
      </p>
      <p class="muted">The second one works while you are signed in at the issuer and have agreed before.</p>`,
  );

export const sessionPage = ({ userName, tokens }: Session, now: number): Html =>
  layout(
    `Signed in as ${userName}`,
    html`<h1>Signed in as ${userName}</h1>
      <div class="actions">
        ${tokens.refreshToken === undefined ? undefined : button('post', '/refresh', 'Refresh the tokens')}
        ${button('get', '/hello', 'Call the protected resource')} ${button('get', '/userinfo', 'Ask userinfo')}
        ${button('post', '/sign-out', 'Sign out')}
      </div>
      <h2>Tokens</h2>
      ${table(tokenRows(tokens, now))}
      <h2>Claims of the ID token</h2>
      ${table(Object.entries(tokens.claims))}`,
  );

/** @param source the URL that answered */
export const answerPage = (title: string, source: string, answer: unknown): Html =>
  layout(
    title,
    html`<h1>${title}</h1>
      <p>Answer of <span class="code">${source}</span></p>
      <pre tabindex="0">${JSON.stringify(answer, null, 2)}</pre>
      <p class="actions"><a class="button" href="/">Back</a></p>`,
  );

export const problemPage = ({ title, text }: Problem, isSignedIn: boolean): Html =>
  layout(
    title,
    html`<h1>${title}</h1>
      <p>${text}</p>
      <p class="actions">
        ${isSignedIn ? undefined : html`<a class="button primary" href="/sign-in">Sign in</a>`}
        <a class="button" href="/">Back to the start</a>
      </p>`,
  );

function tokenRows(tokens: Tokens, now: number): [string, unknown][] {
  const left = Math.max(0, Math.floor((tokens.accessTokenExpiresAt - now) / 1000));
  return [
    ['access token', shortened(tokens.accessToken)],
    [
      'expires',
      left === 0 ? 'expired: the next call refreshes it' : `in ${left} s, ${at(tokens.accessTokenExpiresAt)}`,
    ],
    ['scope', tokens.scope],
    [
      'refresh token',
      tokens.refreshToken === undefined ? 'none: you stay signed in until the access token expires' : 'present',
    ],
  ];
}

const shortened = (token: string): string => `${token.slice(0, 12)}…${token.slice(-8)}`;

const at = (milliseconds: number): string =>
  `${new Date(milliseconds).toISOString().slice(0, 19).replace('T', ' ')} UTC`;

const table = (rows: readonly (readonly [string, unknown])[]): Html => html`
  <table>
    ${rows.map(
      ([name, value]) =>
        html`<tr>
          <th scope="row">${name}</th>
          <td>${shown(name, value)}</td>
        </tr>`,
    )}
  </table>
`;

function shown(name: string, value: unknown): string {
  if (typeof value === 'number' && TIMES.includes(name)) return `${value} (${at(value * 1000)})`;
  return typeof value === 'string' ? value : (JSON.stringify(value) ?? '');
}

const button = (method: 'get' | 'post', action: string, label: string): Html =>
  html`<form method="${method}" action="${action}"><button class="button">${label}</button></form>`;

const layout = (title: string, body: Html): Html =>
  html`<!doctype html>
    <html lang="en">
      <head>
        <meta charset="utf-8" />
        <meta name="viewport" content="width=device-width, initial-scale=1" />
        <title>${title} · Demo client</title>
        <link rel="stylesheet" href="/style.css" />
      </head>
      <body>
        <header><p>Demo client</p></header>
        <main>${body}</main>
      </body>
    </html>`;
