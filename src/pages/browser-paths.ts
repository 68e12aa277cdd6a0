/** The paths that answer browsers with pages, as opposed to clients. */
import { issuerPath } from '../platform/http/issuer-path.js';

const PATHS = ['/authorize', '/sign-in', '/consent', '/end-session', '/account', '/console'];

/** Also answers programs in JSON. */
const ACCOUNT = '/account';

/** Each path includes all paths below it. */
export const browserPaths = (config: { readonly issuer: string }): string[] =>
  PATHS.map((path) => `${issuerPath(config)}${path}`);

/** The path of the issuer itself, without the paths below it. */
export const homePath = (config: { readonly issuer: string }): string => issuerPath(config) || '/';

export const accountPath = (config: { readonly issuer: string }): string => `${issuerPath(config)}${ACCOUNT}`;
