/**
 * The secret of a link in a mail: the id of its row and a MAC over it, with a key for this purpose only. Nothing in the database
 * is enough to make one, and a retry sends the same link again.
 */
import { timingSafeEqual } from 'node:crypto';
import { hmacSha256 } from '../keys/hmac.js';
import type { MailKind } from '../pages/texts.js';

export const LINK_LIFETIME_MS = 30 * 60_000;

/** The query parameter of a link. */
export const LINK = 'link';

const ID_BYTES = 16;
const MAC_BYTES = 32;

const FORM = /^[\w-]{64}$/;

/** The pages that the links lead to, below the issuer. */
const PATHS: Readonly<Record<MailKind, string>> = { reset: '/sign-in/new-password' };

export function linkOf({ id, kind }: { readonly id: string; readonly kind: MailKind }, key: Buffer): string {
  const bytes = Buffer.from(id.replaceAll('-', ''), 'hex');
  return Buffer.concat([bytes, macOf(bytes, kind, key)]).toString('base64url');
}

export const linkUrl = (issuer: string, kind: MailKind, link: string): string =>
  `${issuer}${PATHS[kind]}?${LINK}=${link}`;

/** @returns the id of the row; undefined for a link that we did not make for this kind */
export function idOfLink(link: string, kind: MailKind, key: Buffer): string | undefined {
  const bytes = Buffer.from(FORM.test(link) ? link : '', 'base64url');
  if (bytes.length !== ID_BYTES + MAC_BYTES) return undefined;
  const id = bytes.subarray(0, ID_BYTES);
  if (!timingSafeEqual(bytes.subarray(ID_BYTES), macOf(id, kind, key))) return undefined;
  return id.toString('hex').replace(/^(.{8})(.{4})(.{4})(.{4})/, '$1-$2-$3-$4-');
}

const macOf = (id: Buffer, kind: MailKind, key: Buffer): Buffer =>
  hmacSha256(key, Buffer.concat([id, Buffer.from(kind)]));
