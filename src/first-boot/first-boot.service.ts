import { Injectable, Logger } from '@nestjs/common';
import { ClientAuthenticationService } from '../clients/client-authentication.service.js';
import { Config } from '../platform/config/config.js';
import { EmbeddedStart, type EmbeddedStartResult } from './embedded-start.service.js';
import { ADMIN_CLIENT } from './first-clients.js';
import { Registrar } from './registrar.service.js';

/**
 * Registers the first admin client of a new deployment. Its credentials come from the environment; an embedded service outside
 * production generates them, and more to try it with: see `EmbeddedStart`.
 */
@Injectable()
export class FirstBoot {
  private readonly logger = new Logger(FirstBoot.name);

  constructor(
    private readonly registrar: Registrar,
    private readonly authentication: ClientAuthenticationService,
    private readonly embedded: EmbeddedStart,
    private readonly config: Config,
  ) {}

  /** @returns the credentials of an embedded service; undefined for any other */
  async run(): Promise<EmbeddedStartResult | undefined> {
    const { adminClientId, adminClientSecret, databaseUrl, environment } = this.config;
    if (adminClientId && adminClientSecret) await this.ensureAdmin(adminClientId, adminClientSecret);
    if (databaseUrl || environment === 'production') return undefined;
    return this.embedded.run(adminClientId !== undefined);
  }

  private async ensureAdmin(clientId: string, secret: string): Promise<void> {
    if (changesInForms(secret)) this.logger.warn(NEEDS_ENCODING);
    const wasThere = await this.registrar.ensureClient(ADMIN_CLIENT, clientId, secret);
    if (wasThere && !(await this.authentication.knows(clientId, secret))) this.logger.warn(notItsSecret(clientId));
  }
}

const NEEDS_ENCODING =
  'REKEY_ADMIN_CLIENT_SECRET has characters that HTTP Basic needs form-encoded (RFC 6749 §2.3.1), and `curl -u` sends them ' +
  'as they are. `openssl rand -hex 32` makes one without.';

const notItsSecret = (clientId: string): string =>
  `REKEY_ADMIN_CLIENT_SECRET is no secret of the client ${clientId}, and does not become one: it is taken when the client is ` +
  'made. `rekey client add-secret` gives it another one.';

const changesInForms = (text: string): boolean => new URLSearchParams({ text }).toString() !== `text=${text}`;
