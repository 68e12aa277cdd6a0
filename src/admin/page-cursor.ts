/**
 * The end of a page, as a cursor that the reader sends back. Signed, so that only positions that we issued for this list reach a
 * query. The content is opaque and may change.
 *
 *   base64url( HMAC-SHA-256, first 16 bytes · position )
 */
import { timingSafeEqual } from 'node:crypto';
import { hmacSha256 } from '../keys/hmac.js';

const MAC_BYTES = 16;

/** @param list the name of the list, the only one for which the cursor is valid */
export function writeCursor(list: string, position: string, key: Buffer): string {
  const bytes = Buffer.from(position, 'utf8');
  return Buffer.concat([mac(list, bytes, key), bytes]).toString('base64url');
}

/** @returns the position; undefined unless the cursor was issued for this list */
export function readCursor(list: string, cursor: string, key: Buffer): string | undefined {
  const bytes = Buffer.from(cursor, 'base64url');
  if (bytes.length <= MAC_BYTES || bytes.toString('base64url') !== cursor) return undefined;
  const position = bytes.subarray(MAC_BYTES);
  return timingSafeEqual(mac(list, position, key), bytes.subarray(0, MAC_BYTES))
    ? position.toString('utf8')
    : undefined;
}

const mac = (list: string, position: Buffer, key: Buffer): Buffer =>
  hmacSha256(key, Buffer.concat([Buffer.from(`${list}\0`), position])).subarray(0, MAC_BYTES);
