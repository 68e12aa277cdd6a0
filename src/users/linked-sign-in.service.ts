import { randomBytes } from 'node:crypto';
import { isDeepStrictEqual } from 'node:util';
import { Injectable } from '@nestjs/common';
import { v7 as uuidv7 } from 'uuid';
import type { AuditedContext } from '../platform/http/request-context.js';
import { isSubject } from '../oauth/subject.js';
import { SubjectsService } from './subjects.service.js';
import { soundClaims } from './claim-values.js';
import { newUser } from './new-user.js';
import { upstreamAttributes, type UpstreamAttributes } from './upstream-attributes.js';
import { changesTo, type UserChangeSet } from './user-change.js';
import type { UserEntity } from './user.entity.js';
import { Config } from '../platform/config/config.js';
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
    private readonly config: Config,
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
    const told = upstreamAttributes(claims, this.config.upstreamClaims);
    const known = await this.repository.linkedSubject(issuer, externalSubject);
    const subject = known ?? (await this.create(account, sound, told, context));
    const user = await this.repository.find(subject);
    if (!user) return this.refuse('user_deleted', subject, context);
    if (await this.subjects.isDisabled(subject)) return this.refuse('user_disabled', subject, context);
    const isNews = !isDeepStrictEqual({ ...user.claims, ...sound }, user.claims) || isOld(user, told);
    if (known !== undefined && isNews) await this.follow(subject, sound, told, context);
    this.records.accepted();
    return { subject, sessionEpoch: user.sessionEpoch };
  }

  private async refuse(reason: string, subject: string | undefined, context: AuditedContext): Promise<undefined> {
    await this.records.refused(reason, subject, context);
  }

  private async create(
    account: { issuer: string; externalSubject: string },
    claims: StandardClaims,
    told: UpstreamAttributes,
    context: AuditedContext,
  ): Promise<string> {
    const subject = uuidv7();
    try {
      await this.changes.make({ actor: ACTOR, ...context }, async (step) => {
        await this.insertUser({ subject, claims, ...firstOf(told) }, step);
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
  private async insertUser(fields: FirstFields, { manager, now }: UserTransaction): Promise<void> {
    const { subject, claims } = fields;
    const names = usernamesFor(claims);
    const suffixed = names
      .slice(0, 1)
      .flatMap((name) => new Array<string>(SUFFIXED_ATTEMPTS).fill(name).map(withRandomEnd));
    for (const username of [...names, ...suffixed, subject]) {
      const user = newUser({ ...fields, username, passwordHash: null }, now);
      if (user && (await this.repository.insert([user], manager)).size > 0) return;
    }
    throw new Error('No username is free, not even one with a random suffix');
  }

  private async follow(
    subject: string,
    claims: StandardClaims,
    told: UpstreamAttributes,
    context: AuditedContext,
  ): Promise<void> {
    await this.changes.make({ actor: ACTOR, ...context }, async ({ manager, now, record }) => {
      const user = await this.repository.lock(subject, manager);
      const isMerged = await this.repository.mergeClaims(subject, claims, now, manager);
      const changes = user && isOld(user, told) ? changesFor(user, told) : {};
      const fields = [...(isMerged ? ['claims'] : []), ...Object.keys(changes)];
      if (fields.length === 0) return;
      if (Object.keys(changes).length > 0) await this.repository.update(subject, changes, now, manager);
      await record('user.updated', subject, { fields });
    });
  }
}

class LinkedMeanwhile extends Error {}

type FirstFields = Pick<UserEntity, 'subject' | 'claims' | 'groups' | 'attributes'>;

/** Together with what an admin has given the user, it may be too much: then none of it counts. */
function changesFor(
  user: Pick<UserEntity, 'groups' | 'attributes'>,
  { groups, attributes }: UpstreamAttributes,
): UserChangeSet {
  const { changes, problems } = changesTo(user, { groups, attributes });
  if (problems.length === 0) return changes;
  const none = Object.fromEntries(Object.keys(attributes).map((name) => [name, null]));
  return changesTo(user, { groups, attributes: none }).changes;
}

function isOld({ groups, attributes }: UserEntity, told: UpstreamAttributes): boolean {
  const stored = { groups, attributes };
  return !isDeepStrictEqual({ ...stored, ...changesFor(stored, told) }, stored);
}

function firstOf(told: UpstreamAttributes): Pick<UserEntity, 'groups' | 'attributes'> {
  const nothing = { groups: [], attributes: {} };
  return { ...nothing, ...changesFor(nothing, told) };
}

const withRandomEnd = (name: string): string => `${name}-${randomBytes(4).toString('hex')}`;
