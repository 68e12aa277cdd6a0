/** Requests to the admin API, by way of the service, which adds the access token. No script here ever sees one. */
import type { components } from '../.generated/admin-api';

export type Schemas = components['schemas'];

/** The console's path, with a slash at its end. Scripts are in a folder below it. */
export const home: string = new URL('..', import.meta.url).pathname;

/** An RFC 9457 problem, or no answer at all (status 0). */
export class Problem extends Error {
  constructor(
    readonly status: number,
    detail: string,
    readonly correlationId?: string,
    readonly fields: readonly { field: string; detail: string }[] = [],
  ) {
    super(detail);
  }
}

export type Query = Readonly<Record<string, string | undefined>>;

export const get = <T>(path: string, query: Query = {}): Promise<T> => call<T>('GET', `api${path}${queryText(query)}`);
export const send = <T>(method: 'POST' | 'PUT' | 'PATCH' | 'DELETE', path: string, body?: object): Promise<T> =>
  call<T>(method, `api${path}`, body);

/** Who is signed in. */
export interface Session {
  readonly subject: string;
  readonly username: string;
  readonly roles: readonly string[];
  readonly issuer: string;
  readonly service: string;
}

export const session = (): Promise<Session> => call<Session>('GET', 'session');

export async function signOut(): Promise<void> {
  const { location: next } = await call<{ location: string }>('POST', 'sign-out');
  location.assign(next);
}

export const signIn = (to: string = location.pathname + location.search): void =>
  location.replace(`${home}sign-in?${new URLSearchParams({ to }).toString()}`);

async function call<T>(method: string, path: string, body?: object): Promise<T> {
  let answer: Response;
  try {
    answer = await fetch(home + path, {
      method,
      headers: { 'x-rekey-console': '1', ...(body && { 'content-type': 'application/json' }) },
      ...(body && { body: JSON.stringify(body) }),
    });
  } catch {
    throw new Problem(0, '');
  }
  const text = await answer.text();
  if (answer.ok) return (text === '' ? undefined : JSON.parse(text)) as T;
  throw problemIn(answer, text);
}

function problemIn({ status, headers }: Response, text: string): Problem {
  const correlationId = headers.get('x-correlation-id') ?? undefined;
  try {
    const { detail, errors } = JSON.parse(text) as { detail: string; errors?: { field: string; detail: string }[] };
    return new Problem(status, detail, correlationId, errors);
  } catch {
    return new Problem(status, '', correlationId);
  }
}

function queryText(query: Query): string {
  const given = Object.entries(query).filter((entry): entry is [string, string] => !!entry[1]);
  return given.length === 0 ? '' : `?${new URLSearchParams(given).toString()}`;
}
