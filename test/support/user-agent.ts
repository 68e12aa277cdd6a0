/** The user's part of a sign-in that a client library has started: the pages, until the client has its response. */
import { agree, isSignIn, signIn, type TestUser } from './sign-in.js';
import type { Visitor } from './visitor.js';

/**
 * Follows an authorization URL, and signs in and gives consent if asked.
 * @returns the response at the client: the URL, or the form of `response_mode=form_post`
 * @throws Error with the page where the user got stuck
 */
export async function sendUser(visitor: Visitor, url: URL, user: TestUser): Promise<URL | Request> {
  let visit = await visitor.get(url.href);
  if (isSignIn(visit)) visit = await signIn(visitor, visit, user);
  visit = await agree(visitor, visit);
  if (visit.left) return visit.url;
  const [form] = visit.forms;
  if (!form || form.action.startsWith('/')) throw new Error(`The user was shown (${visit.status}): ${visit.html}`);
  return new Request(form.action, { method: 'POST', body: new URLSearchParams(form.fields) });
}
