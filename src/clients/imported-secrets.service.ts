import { Injectable } from '@nestjs/common';
import { PasswordHasher } from '../passwords/password-hasher.service.js';
import { sourceKey } from '../platform/limits/source-key.js';
import type { Client } from './client.js';
import { ClientDirectory } from './client-directory.service.js';
import { ClientRepository } from './client.repository.js';
import { isCurrent, type StoredSecret } from './client-secret.js';

/**
 * Secrets that came as a slow hash from another server. The first right one is kept from then on as the digest of our own, so the
 * hash is computed once; a wrong secret costs a hash as long as none was right.
 */
@Injectable()
export class ImportedSecrets {
  constructor(
    private readonly repository: ClientRepository,
    private readonly directory: ClientDirectory,
    private readonly hasher: PasswordHasher,
  ) {}

  /**
   * @param digest ours, of the presented secret
   * @param source the caller's address: sources take turns at the hashing
   * @throws PasswordThreadsBusy; temporarily_unavailable
   */
  async find(
    { clientId, secrets }: Client,
    presented: string,
    digest: Buffer,
    { now, source }: { now: number; source: string },
  ): Promise<StoredSecret | undefined> {
    for (const secret of secrets) {
      if (secret.importedHash === null || !isCurrent(secret, now)) continue;
      const { matches } = await this.hasher.verify(secret.importedHash, presented, { source: sourceKey(source) });
      if (!matches) continue;
      await this.repository.keepImported(secret.secretId, secret.importedHash, digest);
      this.directory.forget(clientId);
      return secret;
    }
    return undefined;
  }
}
