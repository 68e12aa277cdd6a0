/**
 * The Redis keys of the live revocations. All share one hash tag, so that Redis Cluster keeps them in one slot: a check must
 * read the marker and the token's keys in one round trip from one node, or the marker would say nothing about those keys.
 * One slot is enough: live revocations are few, because they expire with the access tokens that they could hit.
 */
import type { RevocationKind } from './revocation.js';

const HASH_TAG = '{rekey}';

/** A lease: while it exists, every revocation committed before its last renewal is in Redis. Its value is the master's run_id. */
export const markerKey = `${HASH_TAG}:marker`;

/** The turn to copy; its value identifies one pass of one replica. */
export const turnKey = `${HASH_TAG}:copier`;

/** Holds `notBefore` in milliseconds, until the revocation expires. */
export const revokedKey = (kind: RevocationKind, value: string): string => `${HASH_TAG}:revoked:${kind}:${value}`;
