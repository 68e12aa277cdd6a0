import { Injectable } from '@nestjs/common';
import { randomBytes } from 'node:crypto';
import { ClientDirectory } from '../clients/client-directory.service.js';
import { generateSecret } from '../clients/client-secret.js';
import { Config } from '../platform/config/config.js';
import { FamiliesService } from '../families/families.service.js';
import { ADMIN_SCOPE } from '../oauth/scope.js';
import { readCredentials, writeCredentials, type Credentials } from './credentials-file.js';
import { ADMIN_CLIENT, DEMO_CLIENT, webAddresses, webClient, webPortBeside } from './first-clients.js';
import { FIRST_BOOT, Registrar } from './registrar.service.js';

const DEMO_CLAIMS = {
  name: 'Demo User',
  given_name: 'Demo',
  family_name: 'User',
  email: 'demo@example.com',
  email_verified: true,
};

/** Characters that cannot be confused; 32 of them, so that all are equally likely. */
const READABLE = 'abcdefghijkmnpqrstuvwxyz23456789';

export interface EmbeddedStartResult {
  readonly credentials: Credentials;
  /** Whether they were just created. */
  readonly areNew: boolean;
}

/** Creates what is needed to try an embedded service: an admin client, a client to refresh with, and one to sign in at with a demo user. */
@Injectable()
export class EmbeddedStart {
  constructor(
    private readonly registrar: Registrar,
    private readonly directory: ClientDirectory,
    private readonly families: FamiliesService,
    private readonly config: Config,
  ) {}

  /** @param hasAdmin whether the environment names an admin client */
  async run(hasAdmin: boolean): Promise<EmbeddedStartResult> {
    const kept = readCredentials(this.config.dataDir);
    const credentials = this.complete(kept, hasAdmin);
    // Saved before they are registered, so that a process killed in between finds them again.
    writeCredentials(this.config.dataDir, { ...credentials, demoRefreshToken: kept.demoRefreshToken });
    await this.register(credentials);
    const all = { ...credentials, demoRefreshToken: await this.startDemoFamily(credentials.demoClientId) };
    writeCredentials(this.config.dataDir, all);
    return { credentials: all, areNew: kept.demoClientSecret === undefined };
  }

  private complete(kept: Credentials, hasAdmin: boolean) {
    const admin = {
      adminClientId: kept.adminClientId ?? 'admin',
      adminClientSecret: kept.adminClientSecret ?? generateSecret(),
    };
    return {
      issuer: this.config.issuer,
      ...(hasAdmin ? {} : admin),
      // Differs from the user's name, so that the two credentials are not confused.
      demoClientId: kept.demoClientId ?? 'demo-shell',
      demoClientSecret: kept.demoClientSecret ?? generateSecret(),
      demoUsername: 'demo',
      demoPassword: kept.demoPassword ?? generatePassword(),
      webClientId: 'demo-web',
      webClientSecret: kept.webClientSecret ?? generateSecret(),
    };
  }

  private async register(credentials: ReturnType<EmbeddedStart['complete']>): Promise<void> {
    const { adminClientId, adminClientSecret, webClientId } = credentials;
    if (adminClientId && adminClientSecret) {
      await this.registrar.ensureClient(ADMIN_CLIENT, adminClientId, adminClientSecret);
    }
    await this.registrar.ensureClient(DEMO_CLIENT, credentials.demoClientId, credentials.demoClientSecret);
    await this.registrar.ensureUser(credentials.demoUsername, credentials.demoPassword, DEMO_CLAIMS, [ADMIN_SCOPE]);
    const port = webPortBeside(this.config.port);
    if (port === undefined) return;
    const { issuer } = this.config;
    await this.registrar.ensureClient(webClient(port, issuer), webClientId, credentials.webClientSecret);
    await this.registrar.adjustClient(webClientId, webAddresses(port, issuer));
  }

  /** A new family at each start: the last one's token may have been used, and presenting it again would count as reuse. */
  private async startDemoFamily(clientId: string): Promise<string | undefined> {
    const client = await this.directory.load(clientId);
    if (!client) return undefined;
    const { refreshToken } = await this.families.start(client, 'demo-user', ['read', 'write'], FIRST_BOOT);
    return refreshToken;
  }
}

/** 100 random bits, easy to type. */
function generatePassword(): string {
  const characters = [...randomBytes(20)].map((byte) => READABLE[byte % READABLE.length]);
  return characters.join('').replace(/.{5}(?=.)/g, '$&-');
}
