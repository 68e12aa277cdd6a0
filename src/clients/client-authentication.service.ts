import { Injectable } from '@nestjs/common';
import { AuditService } from '../audit/audit.service.js';
import { Config } from '../config/config.js';
import type { RequestContext } from '../http/request-context.js';
import { deriveKey } from '../keys/master-key.js';
import { OAuthError } from '../oauth/oauth-error.js';
import { Clock } from '../time/clock.js';
import { isDisabled, type Client } from './client.js';
import type { ClientAuthMethod } from './client-auth-method.js';
import { ClientDirectory } from './client-directory.service.js';
import { findSecret, type StoredSecret } from './client-secret.js';
import { FailedAuthentications } from './failed-authentications.js';
import { SecretUse } from './secret-use.js';

/**
 * Decides whether a caller is the client it says it is (RFC 6749 §2.3). Every refusal looks the same from outside and takes
 * one look into the database, whether the client is known or not.
 */
@Injectable()
export class ClientAuthenticationService {
  private readonly secretKey: Buffer;

  constructor(
    private readonly directory: ClientDirectory,
    private readonly failures: FailedAuthentications,
    private readonly audit: AuditService,
    private readonly uses: SecretUse,
    private readonly clock: Clock,
    config: Config,
  ) {
    this.secretKey = deriveKey(config.secret, 'client-secret-digest');
  }

  /** @throws OAuthError invalid_client, too_many_requests */
  async withSecret(method: ClientAuthMethod, clientId: string, secret: string, context: RequestContext): Promise<Client> {
    this.failures.check(clientId, context.source);
    const known = this.directory.cached(clientId);
    const found = (known && this.match(known, secret)) ?? (await this.reloadAndMatch(clientId, secret));
    if (!found.secret || !found.client) return this.refuse(found.client, clientId, 'wrong_secret', context);
    const reason = objection(found.client, method);
    if (reason) return this.refuse(found.client, clientId, reason, context);
    this.uses.note(found.secret, this.clock.now());
    return found.client;
  }

  /** A public client names itself, and proves nothing. @throws OAuthError invalid_client, too_many_requests */
  async withoutSecret(clientId: string, context: RequestContext): Promise<Client> {
    this.failures.check(clientId, context.source);
    const known = this.directory.cached(clientId);
    const client = known && !objection(known, 'none') ? known : await this.directory.load(clientId);
    const reason = client ? objection(client, 'none') : 'unknown_client';
    if (!client || reason) return this.refuse(client, clientId, reason ?? 'unknown_client', context);
    return client;
  }

  private match(client: Client, presented: string): { client: Client; secret: StoredSecret } | undefined {
    const secret = findSecret(client.secrets, presented, this.secretKey, this.clock.now());
    return secret && { client, secret };
  }

  /** Finds a secret that another replica has just added, and makes a wrong one cost what an unknown client costs. */
  private async reloadAndMatch(clientId: string, presented: string) {
    const client = await this.directory.load(clientId);
    return { client, secret: findSecret(client?.secrets ?? [], presented, this.secretKey, this.clock.now()) };
  }

  private async refuse(client: Client | undefined, clientId: string, reason: string, context: RequestContext): Promise<never> {
    await this.failures.count(clientId, context.source);
    // Ids that are nobody's go into the log alone: a stranger must not be able to fill the audit trail with inventions.
    if (client) await this.recordFailure(client, reason, context);
    throw OAuthError.invalidClient(client ? reason : 'unknown_client');
  }

  private recordFailure({ clientId }: Client, reason: string, { correlationId }: RequestContext): Promise<void> {
    return this.audit.record({ event: 'client.authentication_failed', at: this.clock.now(), clientId, reason, correlationId });
  }
}

/** Why this client may not authenticate so, its secret aside. One method is registered, and only that one works. */
function objection(client: Client, method: ClientAuthMethod): string | undefined {
  if (client.tokenEndpointAuthMethod !== method) return 'wrong_method';
  if (isDisabled(client)) return 'client_disabled';
  return undefined;
}
