/** Where people are, and not clients: what answers with pages. */
import { issuerPath } from '../platform/http/issuer-path.js';

const PATHS = ['/authorize', '/sign-in', '/consent', '/end-session', '/account'];

/** Has JSON for programs as well. */
const ACCOUNT = '/account';

/** Each stands for itself and what is below it. */
export const browserPaths = (config: { readonly issuer: string }): string[] =>
  PATHS.map((path) => `${issuerPath(config)}${path}`);

/** The issuer's own address, which stands for itself alone. */
export const homePath = (config: { readonly issuer: string }): string => issuerPath(config) || '/';

export const accountPath = (config: { readonly issuer: string }): string => `${issuerPath(config)}${ACCOUNT}`;
