import { randomBytes } from 'node:crypto';
import { isDeepStrictEqual } from 'node:util';
import { Injectable } from '@nestjs/common';
import { v7 as uuidv7 } from 'uuid';
import type { AuditedContext } from '../platform/http/request-context.js';
import { isSubject } from '../oauth/subject.js';
import { SubjectsService } from './subjects.service.js';
import { soundClaims } from './claim-values.js';
import { newUser } from './new-user.js';
import type { ProvenUser } from './proven-user.js';
import { SignInRecords } from './sign-in-records.service.js';
import type { StandardClaims } from '../oauth/standard-claims.js';
import { UserChanges, type UserTransaction } from './user-changes.service.js';
import { usernamesFor } from '../oauth/username.js';
import { UserRepository } from './user.repository.js';

const ACTOR = 'upstream';

/** How often the best username is tried with a random suffix if all candidates are taken. */
const SUFFIXED_ATTEMPTS = 3;

/**
 * Sign-in of users of the upstream OpenID provider. They are identified by issuer and subject, never by e-mail address: the
 * same address there and here does not make them the same user (OpenID Connect Core §5.7).
 */
@Injectable()
export class LinkedSignIn {
  constructor(
    private readonly repository: UserRepository,
    private readonly changes: UserChanges,
    private readonly subjects: SubjectsService,
    private readonly records: SignInRecords,
  ) {}

  /**
   * Finds the linked user, or creates them at the first sign-in. Later sign-ins update the claims from the provider.
   * @returns undefined for a user who was disabled or deleted here
   */
  async findOrCreate(
    issuer: string,
    externalSubject: string,
    claims: Readonly<Record<string, unknown>>,
    context: AuditedContext,
  ): Promise<ProvenUser | undefined> {
    if (!isSubject(externalSubject)) return this.refuse('unusable_subject', undefined, context);
    const account = { issuer, externalSubject };
    const sound = soundClaims(claims);
    const known = await this.repository.linkedSubject(issuer, externalSubject);
    const subject = known ?? (await this.create(account, sound, context));
    const user = await this.repository.find(subject);
    if (!user) return this.refuse('user_deleted', subject, context);
    if (await this.subjects.isDisabled(subject)) return this.refuse('user_disabled', subject, context);
    const isNews = !isDeepStrictEqual({ ...user.claims, ...sound }, user.claims);
    if (known !== undefined && isNews) await this.follow(subject, sound, context);
    this.records.accepted();
    return { subject, sessionEpoch: user.sessionEpoch };
  }

  private async refuse(reason: string, subject: string | undefined, context: AuditedContext): Promise<undefined> {
    await this.records.refused(reason, subject, context);
  }

  private async create(
    account: { issuer: string; externalSubject: string },
    claims: StandardClaims,
    context: AuditedContext,
  ): Promise<string> {
    const subject = uuidv7();
    try {
      await this.changes.make({ actor: ACTOR, ...context }, async (step) => {
        await this.insertUser(subject, claims, step);
        const isFirst = await this.repository.insertLink({ ...account, subject, linkedAt: step.now }, step.manager);
        // Two first sign-ins with the same account at once: the other one won.
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

  /** Uses the best username that is free. */
  private async insertUser(subject: string, claims: StandardClaims, { manager, now }: UserTransaction): Promise<void> {
    const names = usernamesFor(claims);
    const suffixed = names
      .slice(0, 1)
      .flatMap((name) => new Array<string>(SUFFIXED_ATTEMPTS).fill(name).map(withRandomEnd));
    for (const username of [...names, ...suffixed, subject]) {
      const user = newUser({ subject, username, claims, passwordHash: null }, now);
      if (user && (await this.repository.insert([user], manager)).size > 0) return;
    }
    throw new Error('No username is free, not even one with a random suffix');
  }

  private async follow(subject: string, claims: StandardClaims, context: AuditedContext): Promise<void> {
    await this.changes.make({ actor: ACTOR, ...context }, async ({ manager, now, record }) => {
      if (await this.repository.mergeClaims(subject, claims, now, manager)) {
        await record('user.updated', subject, { fields: ['claims'] });
      }
    });
  }
}

class LinkedMeanwhile extends Error {}

const withRandomEnd = (name: string): string => `${name}-${randomBytes(4).toString('hex')}`;
