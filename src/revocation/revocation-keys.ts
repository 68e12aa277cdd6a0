/**
 * The names under which Redis holds the live revocations. All share one hash tag, so that on Redis Cluster they are in
 * one slot: a check must read the marker and the keys of a token in one round trip and from one node, or the marker
 * would vouch for keys that it was not written beside. One slot is room enough: live revocations are few, because they
 * end with the access tokens that they could hit.
 */
import type { RevocationKind } from './revocation.js';

const HASH_TAG = '{rekey}';

/** A lease: while it is there, every revocation committed before it was last renewed is in Redis. Its value is the master that was written to. */
export const markerKey = `${HASH_TAG}:marker`;

/** Whose turn it is to copy; its value is one pass of one replica. */
export const turnKey = `${HASH_TAG}:copier`;

/** Holds `notBefore` in milliseconds, until the revocation expires. */
export const revokedKey = (kind: RevocationKind, value: string): string => `${HASH_TAG}:revoked:${kind}:${value}`;
