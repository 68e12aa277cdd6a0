/** The requests of the benchmark's sessions. */
import { formRequest, type Session } from './load.js';
import { CLIENT_ID } from './prepare.js';
import { SECRET } from './servers.js';

export const AUTHORIZATION = `Basic ${Buffer.from(`${CLIENT_ID}:${SECRET}`).toString('base64')}`;

export const field = (body: string, name: string): string => new RegExp(`"${name}":"([^"]*)"`).exec(body)?.[1] ?? '';

export const refreshRequest = (path: string, refreshToken: string): string =>
  formRequest(path, `grant_type=refresh_token&refresh_token=${refreshToken}`, AUTHORIZATION);

/** Continues with the token of its last answer, also in the next round. */
export function refreshing(path: string, first: string): Session {
  let token = first;
  return (previous) => {
    if (previous) token = field(previous.body, 'refresh_token') || token;
    return refreshRequest(path, token);
  };
}

export const asking = (path: string, form: string): Session => {
  const request = formRequest(path, form, AUTHORIZATION);
  return () => request;
};
