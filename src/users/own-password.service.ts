import { Injectable } from '@nestjs/common';
import type { RequestContext } from '../platform/http/request-context.js';
import type { PasswordFlaw } from '../passwords/password-policy.js';
import { NewPasswords } from './new-passwords.service.js';
import { PasswordSignIn, type RefusedSignIn } from './password-sign-in.service.js';
import { UserChanges } from './user-changes.service.js';
import { UnfitPassword } from './user-error.js';
import type { UserEntity } from './user.entity.js';
import { UserRepository } from './user.repository.js';
import type { Alongside } from './users.service.js';

export type OwnPasswordOutcome =
  { readonly verdict: 'changed' } | { readonly verdict: 'unfit'; readonly flaw: PasswordFlaw } | RefusedSignIn;

/** Users change their own password. The current one is checked and throttled like a sign-in. */
@Injectable()
export class OwnPassword {
  constructor(
    private readonly repository: UserRepository,
    private readonly signIn: PasswordSignIn,
    private readonly passwords: NewPasswords,
    private readonly changes: UserChanges,
  ) {}

  /**
   * Of two changes at once one is refused, because the current password that it knows is no longer the current one.
   * @param alongside runs in the transaction of the change @throws PasswordThreadsBusy
   */
  async change(
    subject: string,
    { current, next }: { readonly current: string; readonly next: string },
    context: RequestContext,
    alongside: Alongside,
  ): Promise<OwnPasswordOutcome> {
    const user = await this.repository.find(subject);
    const proof = await this.signIn.authenticate(user?.username ?? '', current, context);
    if (proof.verdict !== 'ok') return proof;
    if (!user || proof.subject !== subject) return { verdict: 'refused' };
    return this.store(user, next, { passwordHash: proof.passwordHash }, context, alongside);
  }

  /**
   * For a user who has proved otherwise who they are. Refused if the password was changed since `passwordChangedAt`.
   * @param alongside runs in the transaction of the change @throws PasswordThreadsBusy
   */
  async reset(
    subject: string,
    { next, passwordChangedAt }: { readonly next: string; readonly passwordChangedAt: Date | null },
    context: RequestContext,
    alongside: Alongside,
  ): Promise<Exclude<OwnPasswordOutcome, { verdict: 'throttled' }>> {
    const user = await this.repository.find(subject);
    return user ? this.store(user, next, { passwordChangedAt }, context, alongside) : { verdict: 'refused' };
  }

  private async store(
    user: UserEntity,
    next: string,
    from: { readonly passwordHash?: string; readonly passwordChangedAt?: Date | null },
    { source, correlationId }: RequestContext,
    alongside: Alongside,
  ): Promise<Exclude<OwnPasswordOutcome, { verdict: 'throttled' }>> {
    const { subject } = user;
    try {
      const hash = await this.passwords.hash(next, user, source);
      return await this.changes.make({ actor: `user:${subject}`, correlationId }, async ({ manager, now, record }) => {
        if (!(await this.repository.setPasswordHash(subject, hash, now, manager, from))) return { verdict: 'refused' };
        await record('user.password_changed', subject);
        await alongside(manager);
        return { verdict: 'changed' };
      });
    } catch (error) {
      if (error instanceof UnfitPassword) return { verdict: 'unfit', flaw: error.flaw };
      throw error;
    }
  }
}
