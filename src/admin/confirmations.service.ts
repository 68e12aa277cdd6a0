import { Injectable } from '@nestjs/common';
import { RootKey } from '../keys/root-key.js';
import { OAuthError } from '../oauth/oauth-error.js';
import { InvalidFields } from '../platform/http/invalid-fields.js';
import type { RevocationKind } from '../revocation/revocation.js';
import { readCursor, writeCursor } from './page-cursor.js';

/** A signed note of how many families the preview of a revocation showed. Valid for this revocation alone. */
@Injectable()
export class Confirmations {
  private readonly key: Buffer;

  constructor(rootKey: RootKey) {
    this.key = rootKey.derive('revocation-confirmation');
  }

  write(kind: RevocationKind, value: string, families: number): string {
    return writeCursor(`${kind} ${value}`, String(families), this.key);
  }

  /** @returns how many families were shown @throws InvalidFields unless it was given out for this revocation */
  read(kind: RevocationKind, value: string, confirmation: string): number {
    const families = readCursor(`${kind} ${value}`, confirmation, this.key);
    if (families === undefined) {
      const detail = 'confirmation must be the one of a dry run of this revocation';
      throw new InvalidFields([{ field: 'confirmation', detail }]);
    }
    return Number(families);
  }
}

export const grown = (shown: number, found: number): OAuthError =>
  new OAuthError('conflict', {
    description: `The revocation would end ${found} families, ${shown} when it was previewed. Nothing was revoked: preview it again.`,
  });
