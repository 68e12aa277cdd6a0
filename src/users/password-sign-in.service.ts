import { Injectable } from '@nestjs/common';
import type { RequestContext } from '../platform/http/request-context.js';
import { SubjectsService } from './subjects.service.js';
import { PasswordThreadsBusy } from '../passwords/password-threads.service.js';
import { SignInLimits, type SignInAttempt } from './sign-in-limits.service.js';
import { SignInRecords } from './sign-in-records.service.js';
import { StoredPasswords } from './stored-passwords.service.js';
import type { UserEntity } from './user.entity.js';
import type { ProvenUser } from './proven-user.js';
import { usernameKey } from '../oauth/username.js';
import { UserRepository } from './user.repository.js';

export type SignInVerdict =
  | ({
      readonly verdict: 'ok';
      /** The stored hash that the password matched. */ readonly passwordHash: string;
    } & ProvenUser)
  | RefusedSignIn;

export type RefusedSignIn =
  { readonly verdict: 'refused' } | { readonly verdict: 'throttled'; readonly retryAfterSeconds: number };

/** A key that no user has, so that PostgreSQL is queried in every case. */
const NOBODY = '';

interface Origin {
  readonly attempt: SignInAttempt;
  readonly isStranger: boolean;
  readonly context: RequestContext;
}

/**
 * Authenticates users by password. Refusals look the same and take the same work, whether the user exists or not and has a
 * password or not: the same database reads, one hash, one audit event. (An imported hash takes its own time until its user
 * signs in; unknown usernames take such times as well.)
 */
@Injectable()
export class PasswordSignIn {
  constructor(
    private readonly repository: UserRepository,
    private readonly passwords: StoredPasswords,
    private readonly subjects: SubjectsService,
    private readonly limits: SignInLimits,
    private readonly records: SignInRecords,
  ) {}

  /** @throws when the database is away, or the hashing thread died */
  async authenticate(username: string, password: string, context: RequestContext): Promise<SignInVerdict> {
    const key = usernameKey(username);
    const attempt = this.limits.attempt(key ?? username, context.source);
    const seconds = this.limits.waitSeconds(attempt);
    if (seconds > 0) return this.records.throttled(seconds);
    return this.limits.pendingWhile(attempt, async () => {
      const user = await this.repository.findByKey(key ?? NOBODY);
      const isStranger = !user?.knownSources.includes(attempt.source);
      const strangerSeconds = isStranger ? this.limits.strangerWaitSeconds(attempt) : 0;
      if (strangerSeconds > 0) return this.records.throttled(strangerSeconds);
      return this.verify(user, password, { attempt, isStranger, context }).catch((error: unknown) => {
        if (!(error instanceof PasswordThreadsBusy)) throw error;
        return this.records.throttled(PasswordThreadsBusy.RETRY_AFTER_SECONDS);
      });
    });
  }

  private async verify(user: UserEntity | null, password: string, from: Origin): Promise<SignInVerdict> {
    const { matches, isOutdated } = await this.passwords.compare(user, password, from.attempt);
    // Read again, because the user may have changed during the hashing.
    const subject = user?.subject ?? NOBODY;
    const [isDisabled, current] = [await this.subjects.isDisabled(subject), await this.repository.find(subject)];
    if (user && current && current.passwordHash !== user.passwordHash) return this.verify(current, password, from);
    const reason = refusal(user, { matches, isDisabled, isDeleted: !current });
    if (!user || reason !== undefined) {
      await this.limits.count(from.attempt, from.isStranger);
      return this.records.refused(reason ?? 'unknown_user', user?.subject, from.context);
    }
    const passwordHash = isOutdated ? await this.passwords.upgrade(user, password, from.attempt) : user.passwordHash!;
    await this.repository.rememberSource(subject, from.attempt.source);
    this.records.accepted();
    return { verdict: 'ok', subject, sessionEpoch: user.sessionEpoch, passwordHash };
  }
}

/** Why the sign-in is refused, for the audit log only. */
function refusal(
  user: UserEntity | null,
  found: { matches: boolean; isDisabled: boolean; isDeleted: boolean },
): string | undefined {
  if (!user) return 'unknown_user';
  if (found.isDeleted) return 'user_deleted';
  if (found.isDisabled) return 'user_disabled';
  if (user.passwordHash === null) return 'no_password';
  return found.matches ? undefined : 'wrong_password';
}
