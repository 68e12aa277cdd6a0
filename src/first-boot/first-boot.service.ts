import { Injectable, Logger } from '@nestjs/common';
import { registrationDefaults, type ClientRegistration } from '../clients/client-registration.js';
import { ClientsService } from '../clients/clients.service.js';
import { ClientDirectory } from '../clients/client-directory.service.js';
import { generateSecret } from '../clients/client-secret.js';
import { Config } from '../config/config.js';
import { isUniqueViolation } from '../database/database-errors.js';
import { FamiliesService } from '../refresh/families.service.js';
import { readCredentials, writeCredentials, type Credentials } from './credentials-file.js';

const ORIGIN = { actor: 'system', correlationId: 'first-boot' };

const ADMIN: ClientRegistration = {
  ...registrationDefaults,
  name: 'Administration',
  type: 'confidential',
  grantTypes: ['client_credentials'],
  scopes: ['rekey:admin'],
};

const DEMO: ClientRegistration = {
  ...registrationDefaults,
  name: 'Demo',
  type: 'confidential',
  grantTypes: ['refresh_token', 'client_credentials'],
  scopes: ['read', 'write'],
  mayIntrospect: true,
};

const DEMO_CLIENT_ID = 'demo';

/**
 * What a new deployment needs before anybody can administer it: the first admin client. Its credentials come from the
 * environment; an embedded service outside production makes them up, and a demo client beside it.
 */
@Injectable()
export class FirstBoot {
  private readonly logger = new Logger(FirstBoot.name);

  constructor(
    private readonly clients: ClientsService,
    private readonly directory: ClientDirectory,
    private readonly families: FamiliesService,
    private readonly config: Config,
  ) {}

  /** @returns the credentials of the embedded service, and whether they were made just now; undefined for any other */
  async run(): Promise<{ credentials: Credentials; areNew: boolean } | undefined> {
    const { adminClientId, adminClientSecret } = this.config;
    if (adminClientId && adminClientSecret) await this.ensureClient(ADMIN, adminClientId, adminClientSecret);
    if (this.config.databaseUrl || this.config.environment === 'production') return undefined;
    return this.runEmbedded(adminClientId !== undefined);
  }

  private async runEmbedded(hasAdmin: boolean): Promise<{ credentials: Credentials; areNew: boolean }> {
    const kept = readCredentials(this.config.dataDir);
    const areNew = !kept.demoClientSecret;
    const admin = hasAdmin
      ? {}
      : { adminClientId: kept.adminClientId ?? 'admin', adminClientSecret: kept.adminClientSecret ?? generateSecret() };
    const demo = { demoClientId: DEMO_CLIENT_ID, demoClientSecret: kept.demoClientSecret ?? generateSecret() };
    // Kept before they are used: a process killed in between finds them again.
    writeCredentials(this.config.dataDir, { ...admin, ...demo, demoRefreshToken: kept.demoRefreshToken });
    if (admin.adminClientId) await this.ensureClient(ADMIN, admin.adminClientId, admin.adminClientSecret);
    await this.ensureClient(DEMO, demo.demoClientId, demo.demoClientSecret);
    const credentials = { ...admin, ...demo, demoRefreshToken: await this.startDemoFamily() };
    writeCredentials(this.config.dataDir, credentials);
    return { credentials, areNew };
  }

  /** A fresh one at each start: the last one's token has been used, and using it again would look like theft. */
  private async startDemoFamily(): Promise<string | undefined> {
    const client = await this.directory.load(DEMO_CLIENT_ID);
    if (!client) return undefined;
    const { refreshToken } = await this.families.start(client, 'demo-user', ['read', 'write'], ORIGIN);
    return refreshToken;
  }

  private async ensureClient(registration: ClientRegistration, clientId: string, secret: string): Promise<void> {
    if (await this.clients.find(clientId)) return;
    try {
      await this.clients.register(registration, ORIGIN, { clientId, secret });
    } catch (error) {
      // Another replica was quicker, or the client was deleted on purpose: its id stays taken.
      if (!isUniqueViolation(error)) throw error;
      this.logger.warn(`The client ${clientId} exists already or was deleted, and was not made again.`);
    }
  }
}
