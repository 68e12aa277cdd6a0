import { Injectable } from '@nestjs/common';
import type { RequestContext } from '../platform/http/request-context.js';
import { RootKey } from '../keys/root-key.js';
import { OAuthError } from '../oauth/oauth-error.js';
import { Clock } from '../platform/time/clock.js';
import { FailedAuthentications } from './failed-authentications.service.js';
import { isDisabled, type Client } from './client.js';
import type { ClientAuthMethod } from './client-auth-method.js';
import { ClientDirectory } from './client-directory.service.js';
import { digestSecret, findSecret, type StoredSecret } from './client-secret.js';
import { ImportedSecrets } from './imported-secrets.service.js';
import { SecretUse } from './secret-use.worker.js';

/**
 * Authenticates clients (RFC 6749 §2.3). Refusals look the same and take the same work whether the client is known or not:
 * one database read, the same comparisons, one audit event. A right secret is never refused because of failures, which may come
 * from others at the same address; secrets are random, so the limits are not needed against guessing.
 */
@Injectable()
export class ClientAuthenticationService {
  private readonly secretKey: Buffer;

  constructor(
    private readonly directory: ClientDirectory,
    private readonly failures: FailedAuthentications,
    private readonly imported: ImportedSecrets,
    private readonly uses: SecretUse,
    private readonly clock: Clock,
    rootKey: RootKey,
  ) {
    this.secretKey = rootKey.derive('client-secret-digest');
  }

  /** @throws OAuthError invalid_client, too_many_requests */
  async withSecret(
    method: ClientAuthMethod,
    clientId: string,
    secret: string,
    context: RequestContext,
  ): Promise<Client> {
    let client = this.directory.cached(clientId);
    let match = this.match(client, secret);
    if (!match) {
      // Another replica may have added a secret just now.
      client = await this.directory.load(clientId);
      match = this.match(client, secret) ?? (client && (await this.matchImported(client, clientId, secret, context)));
    }
    if (!client || !match) return this.fail(client, clientId, 'wrong_secret', context);
    const reason = objection(client, method);
    if (reason) return this.refuse(client, reason, context);
    this.uses.note(match, this.clock.now());
    return client;
  }

  /** For public clients, which only name themselves. @throws OAuthError invalid_client, too_many_requests */
  async withoutSecret(clientId: string, context: RequestContext): Promise<Client> {
    const known = this.directory.cached(clientId);
    const client = known && !objection(known, 'none') ? known : await this.directory.load(clientId);
    const reason = client ? objection(client, 'none') : 'unknown_client';
    if (!client || reason) return this.fail(client, clientId, reason ?? 'unknown_client', context);
    return client;
  }

  /** Whether this is a valid secret of the client. For the service itself: counts and records nothing. */
  async knows(clientId: string, secret: string): Promise<boolean> {
    return this.match(await this.directory.load(clientId), secret) !== undefined;
  }

  /** Compares for unknown clients too, so that both cases take the same time. */
  private match(client: Client | undefined, presented: string): StoredSecret | undefined {
    return findSecret(client?.secrets ?? [], presented, this.secretKey, this.clock.now());
  }

  /** Only while the source is not blocked, because a wrong secret would cost a slow hash. */
  private async matchImported(client: Client, presentedId: string, secret: string, context: RequestContext) {
    if (client.secrets.every(({ importedHash }) => importedHash === null)) return undefined;
    this.failures.demandUnblocked(client, presentedId, context);
    const at = { now: this.clock.now(), source: context.source };
    return this.imported.find(client, secret, digestSecret(secret, this.secretKey), at);
  }

  /** Unauthenticated: counts as a failure of the source. */
  private async fail(
    client: Client | undefined,
    presentedId: string,
    cause: string,
    context: RequestContext,
  ): Promise<never> {
    const reason = client ? cause : 'unknown_client';
    await this.failures.note(client, presentedId, reason, context);
    throw OAuthError.invalidClient(reason, { clientId: client?.clientId });
  }

  /** The secret was right, so the answer may say more, and this is not counted as a failure. */
  private async refuse(client: Client, reason: Objection, context: RequestContext): Promise<never> {
    await this.failures.noteProven(client, reason, context);
    const { clientId, tokenEndpointAuthMethod } = client;
    const description = `This client must authenticate by ${tokenEndpointAuthMethod}, as it is registered.`;
    throw OAuthError.invalidClient(reason, { clientId, ...(reason === 'wrong_method' && { description }) });
  }
}

type Objection = 'wrong_method' | 'client_disabled';

/** Why this client may not authenticate with this method, or at all, whatever its secret. */
function objection(client: Client, method: ClientAuthMethod): Objection | undefined {
  const { tokenEndpointAuthMethod: registered, strict } = client;
  const isAllowed = method === registered || (!strict && method !== 'none' && registered !== 'none');
  if (!isAllowed) return 'wrong_method';
  return isDisabled(client) ? 'client_disabled' : undefined;
}
