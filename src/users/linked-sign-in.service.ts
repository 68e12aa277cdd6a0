import { randomBytes } from 'node:crypto';
import { Injectable } from '@nestjs/common';
import { v7 as uuidv7 } from 'uuid';
import type { RequestContext } from '../platform/http/request-context.js';
import { isSubject } from '../oauth/subject.js';
import { SubjectsService } from './subjects.service.js';
import { soundClaims } from './claim-values.js';
import { newUser } from './new-user.js';
import type { ProvenUser } from './proven-user.js';
import { SignInTrail } from './sign-in-trail.service.js';
import type { StandardClaims } from '../oauth/standard-claims.js';
import { UserChanges, type UserTransaction } from './user-changes.service.js';
import { usernamesFor } from '../oauth/username.js';
import { UserRepository } from './user.repository.js';

const ACTOR = 'upstream';

/** How often the best name is tried with a random end, where all of the good ones are taken. */
const SUFFIXED_ATTEMPTS = 3;

/**
 * Users of the upstream OpenID provider. They are identified by its issuer and their subject there, never by e-mail address:
 * an address there does not make somebody the user who has it here (OpenID Connect Core §5.7).
 */
@Injectable()
export class LinkedSignIn {
  constructor(
    private readonly repository: UserRepository,
    private readonly changes: UserChanges,
    private readonly subjects: SubjectsService,
    private readonly trail: SignInTrail,
  ) {}

  /**
   * The user of that account, made at the first sign-in; afterwards the claims follow those of the provider.
   * @returns undefined for one who was disabled or deleted here
   */
  async findOrCreate(
    issuer: string,
    externalSubject: string,
    claims: Readonly<Record<string, unknown>>,
    { correlationId }: Pick<RequestContext, 'correlationId'>,
  ): Promise<ProvenUser | undefined> {
    if (!isSubject(externalSubject)) return this.refuse('unusable_subject', undefined, correlationId);
    const account = { issuer, externalSubject };
    const sound = soundClaims(claims);
    const known = await this.repository.linkedSubject(issuer, externalSubject);
    const subject = known ?? (await this.create(account, sound, correlationId));
    const user = await this.repository.find(subject);
    if (!user) return this.refuse('user_deleted', subject, correlationId);
    if (await this.subjects.isDisabled(subject)) return this.refuse('user_disabled', subject, correlationId);
    if (known !== undefined) await this.follow(subject, sound, correlationId);
    this.trail.accepted();
    return { subject, sessionEpoch: user.sessionEpoch };
  }

  private async refuse(reason: string, subject: string | undefined, correlationId: string): Promise<undefined> {
    await this.trail.refused(reason, subject, { correlationId });
  }

  private async create(
    account: { issuer: string; externalSubject: string },
    claims: StandardClaims,
    correlationId: string,
  ): Promise<string> {
    const subject = uuidv7();
    try {
      await this.changes.make({ actor: ACTOR, correlationId }, async (step) => {
        await this.insertUser(subject, claims, step);
        const isFirst = await this.repository.insertLink({ ...account, subject, linkedAt: step.now }, step.manager);
        // Somebody signs in with that account for the first time twice at once: the other one was faster.
        if (!isFirst) throw new LinkedMeanwhile();
        await step.record('user.created', subject);
        await step.record('user.linked', subject, { issuer: account.issuer });
      });
      return subject;
    } catch (error) {
      if (!(error instanceof LinkedMeanwhile)) throw error;
      return (await this.repository.linkedSubject(account.issuer, account.externalSubject))!;
    }
  }

  /** Under the best name that is free. */
  private async insertUser(subject: string, claims: StandardClaims, { manager, now }: UserTransaction): Promise<void> {
    const names = usernamesFor(claims);
    const suffixed = names
      .slice(0, 1)
      .flatMap((name) => new Array<string>(SUFFIXED_ATTEMPTS).fill(name).map(withRandomEnd));
    for (const username of [...names, ...suffixed, subject]) {
      const user = newUser({ subject, username, claims, passwordHash: null }, now);
      if (user && (await this.repository.insert([user], manager)).size > 0) return;
    }
    throw new Error('No username is free, not even one that is as good as random');
  }

  private async follow(subject: string, claims: StandardClaims, correlationId: string): Promise<void> {
    await this.changes.make({ actor: ACTOR, correlationId }, async ({ manager, now, record }) => {
      if (await this.repository.mergeClaims(subject, claims, now, manager)) {
        await record('user.updated', subject, { fields: ['claims'] });
      }
    });
  }
}

class LinkedMeanwhile extends Error {}

const withRandomEnd = (name: string): string => `${name}-${randomBytes(4).toString('hex')}`;
