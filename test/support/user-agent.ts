/** The user's part of a journey that a client library has begun: the pages, until the client has its answer. */
import { agree, isSignIn, signIn, type TestUser } from './sign-in.js';
import type { Visitor } from './visitor.js';

/**
 * Follows an authorization URL, signs in and agrees where that is asked for.
 * @returns what arrives at the client: the address with the answer, or the form that brings it (`response_mode=form_post`)
 * @throws Error with the page where the user is left standing
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
