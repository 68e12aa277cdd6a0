import { Injectable } from '@nestjs/common';
import { InjectRepository } from '@nestjs/typeorm';
import {
  Any,
  IsNull,
  Like,
  type EntityManager,
  type InsertResult,
  type Repository,
  type SelectQueryBuilder,
} from 'typeorm';
import { LinkedAccountEntity } from './linked-account.entity.js';
import type { PasswordKind } from './password-kinds.js';
import { usernameKey } from '../oauth/username.js';
import { SubjectEntity } from './subject.entity.js';
import type { StandardClaims } from '../oauth/standard-claims.js';
import type { UserChangeSet } from './user-change.js';
import { UserEntity } from './user.entity.js';

/** As many sources as a user has; the oldest is dropped. */
const MAX_KNOWN_SOURCES = 10;

/** Each page has tens of users: enough to know the shares of the kinds to a percent. */
const SAMPLED_PAGES = 500;

/** How many usernames are compared to find the most similar one. */
const MAX_LIKE = 200;

/** Each line has its index (`user-search.ts`). */
const SEARCHED = `u.usernameKey LIKE :folded
  OR lower(u.claims ->> 'email') LIKE :lower
  OR lower(u.claims ->> 'name') LIKE :lower
  OR lower(u.claims ->> 'family_name') LIKE :lower
  OR u.subject LIKE :exact`;

/** The beginning of a hash up to its salt, in all formats of `password-hash.ts`. */
const KIND = String.raw`^(?:\$argon2[^$]+\$(?:v=\d+\$)?[^$]+|\$2[aby]\$\d\d|pbkdf2_\w+\$\d+|\$pbkdf2[^$]*\$[^$]+)`;

/**
 * `users` and `linked_accounts`. Inserts skip taken rows (`orIgnore`) and must not update their entities, because
 * TypeORM matches returned rows with inserted ones by position. Deleted users are excluded unless a comment says otherwise.
 */
@Injectable()
export class UserRepository {
  constructor(
    @InjectRepository(UserEntity) private readonly users: Repository<UserEntity>,
    @InjectRepository(LinkedAccountEntity) private readonly links: Repository<LinkedAccountEntity>,
  ) {}

  find(subject: string, manager: EntityManager = this.users.manager): Promise<UserEntity | null> {
    return manager.withRepository(this.users).findOneBy({ subject, deletedAt: IsNull() });
  }

  findByKey(usernameKey: string): Promise<UserEntity | null> {
    return this.users.findOneBy({ usernameKey, deletedAt: IsNull() });
  }

  /**
   * Users with a password and an e-mail address to send a link to, by username or e-mail address, unless they are disabled. One
   * statement, whatever it finds; an address may have several users.
   */
  recoverable(typed: string, limit: number): Promise<UserEntity[]> {
    const names = { key: usernameKey(typed) ?? '', email: typed.trim().toLowerCase() };
    return this.users
      .createQueryBuilder('u')
      .leftJoin(SubjectEntity, 'd', 'd.subject = u.subject')
      .where("(u.usernameKey = :key OR lower(u.claims ->> 'email') = :email) AND u.deletedAt IS NULL", names)
      .andWhere("u.passwordHash IS NOT NULL AND u.claims ->> 'email' IS NOT NULL AND d.disabledAt IS NULL")
      .orderBy('u.subject')
      .limit(limit)
      .getMany();
  }

  /** Includes deleted users. */
  isTaken(subject: string): Promise<boolean> {
    return this.users.existsBy({ subject });
  }

  /**
   * By subject, ascending.
   * @param after the subject that the page starts after
   * @param search what the username, e-mail address, name, family name or subject begins with
   */
  list(limit: number, after?: string, search?: string): Promise<UserEntity[]> {
    return this.listing(limit, after, search).getMany();
  }

  /** For `list`, and for the test that reads its plan. */
  listing(limit: number, after?: string, search?: string): SelectQueryBuilder<UserEntity> {
    const query = this.users.createQueryBuilder('u').where('u.deletedAt IS NULL').orderBy('u.subject').limit(limit);
    if (after !== undefined) query.andWhere('u.subject > :after', { after });
    if (search !== undefined) query.andWhere(`(${SEARCHED})`, searchedBy(search));
    return query;
  }

  /** A bounded number of usernames with the same first half. */
  async usernamesLike(key: string): Promise<string[]> {
    const characters = [...key];
    const half = characters.slice(0, Math.ceil(characters.length / 2)).join('');
    const users = await this.users.find({
      select: { subject: true, username: true },
      where: { usernameKey: Like(beginning(half)), deletedAt: IsNull() },
      take: MAX_LIKE,
    });
    return users.map(({ username }) => username);
  }

  /** @returns the subjects of the stored users; those whose username or subject was taken are skipped */
  async insert(users: readonly UserEntity[], manager: EntityManager): Promise<Set<string>> {
    if (users.length === 0) return new Set();
    // In one order, so that two concurrent inserts of the same usernames do not deadlock.
    const rows = [...users].sort((a, b) => (a.usernameKey < b.usernameKey ? -1 : 1));
    const inserted = await manager
      .withRepository(this.users)
      .createQueryBuilder()
      .insert()
      .values(rows)
      .orIgnore()
      .updateEntity(false)
      .returning('subject')
      .execute();
    return new Set(subjectsIn(inserted));
  }

  /** The users with one of these subjects (deleted ones included) or one of these usernames. */
  holders(subjects: readonly string[], usernameKeys: readonly string[], manager: EntityManager): Promise<UserEntity[]> {
    return manager
      .withRepository(this.users)
      .findBy([{ subject: Any(subjects) }, { usernameKey: Any(usernameKeys), deletedAt: IsNull() }]);
  }

  /** Locks the user until the transaction ends. */
  lock(subject: string, manager: EntityManager): Promise<UserEntity | null> {
    return manager
      .withRepository(this.users)
      .findOne({ where: { subject, deletedAt: IsNull() }, lock: { mode: 'pessimistic_write' } });
  }

  /** @returns false if there is no such user @throws a unique violation when the username is taken */
  update(subject: string, changes: UserChangeSet, now: Date, manager: EntityManager): Promise<boolean> {
    return this.change(subject, { ...changes, updatedAt: now }, manager);
  }

  /** @param from does nothing unless the stored password is this one */
  async setPasswordHash(
    subject: string,
    passwordHash: string,
    now: Date,
    manager: EntityManager,
    from: { readonly passwordHash?: string; readonly passwordChangedAt?: Date | null } = {},
  ): Promise<boolean> {
    const { passwordChangedAt = null, ...rest } = from;
    const { affected } = await manager.withRepository(this.users).update(
      {
        subject,
        deletedAt: IsNull(),
        ...rest,
        ...('passwordChangedAt' in from && { passwordChangedAt: passwordChangedAt ?? IsNull() }),
      },
      { passwordHash, passwordChangedAt: now },
    );
    return affected === 1;
  }

  /** Does nothing if the hash was changed meanwhile. */
  async replacePasswordHash(subject: string, from: string, to: string): Promise<void> {
    await this.users.update({ subject, passwordHash: from }, { passwordHash: to });
  }

  /** The kinds of password hashes, from a sample if the table is large. */
  async passwordKinds(): Promise<PasswordKind[]> {
    // SQL for TABLESAMPLE. The sample depends on the table's size, because its row count is unknown until it is analysed.
    return this.users.query<PasswordKind[]>(
      `SELECT name, min(password_hash) AS example, count(*)::int AS users
       FROM (
         SELECT password_hash, substring(password_hash FROM $2) AS name
         FROM users TABLESAMPLE SYSTEM (LEAST(100, 100 * $1 * current_setting('block_size')::float8
           / GREATEST(1, pg_relation_size('users'))))
         WHERE password_hash IS NOT NULL
       ) kinds WHERE name IS NOT NULL GROUP BY name`,
      [SAMPLED_PAGES, KIND],
    );
  }

  /** Puts the source first; no write if it is first already. */
  async rememberSource(subject: string, source: string): Promise<void> {
    await this.users
      .createQueryBuilder()
      .update()
      .set({ knownSources: () => `(ARRAY[:source] || array_remove(known_sources, :source))[1:${MAX_KNOWN_SOURCES}]` })
      .where({ subject, deletedAt: IsNull() })
      .andWhere('known_sources[1] IS DISTINCT FROM :source', { source })
      .execute();
  }

  /** Wipes all but the subject and its linked accounts, so that a deleted user cannot come back as a new one. */
  bury(subject: string, now: Date, manager: EntityManager): Promise<boolean> {
    return this.change(
      subject,
      {
        username: '',
        usernameKey: '',
        passwordHash: null,
        passwordChangedAt: null,
        claims: {},
        groups: [],
        attributes: {},
        knownSources: [],
        adminRoles: [],
        updatedAt: now,
        deletedAt: now,
      },
      manager,
    );
  }

  /** Includes deleted users, whose links stay. */
  async linkedSubject(issuer: string, externalSubject: string): Promise<string | undefined> {
    const link = await this.links.findOneBy({ issuer, externalSubject });
    return link?.subject;
  }

  /** @returns false if that account is linked already */
  async insertLink(link: Omit<LinkedAccountEntity, 'user'>, manager: EntityManager): Promise<boolean> {
    const inserted = await manager
      .withRepository(this.links)
      .createQueryBuilder()
      .insert()
      .values(link)
      .orIgnore()
      .updateEntity(false)
      .returning('subject')
      .execute();
    return subjectsIn(inserted).length > 0;
  }

  /** Merges these claims into the stored ones. @returns false if nothing changes or there is no such user */
  async mergeClaims(subject: string, claims: StandardClaims, now: Date, manager: EntityManager): Promise<boolean> {
    const { affected } = await manager
      .withRepository(this.users)
      .createQueryBuilder()
      .update()
      .set({ claims: () => 'claims || :claims', updatedAt: now })
      .where({ subject, deletedAt: IsNull() })
      .andWhere('claims || :claims <> claims', { claims: JSON.stringify(claims) })
      .execute();
    return affected === 1;
  }

  private async change(subject: string, values: Partial<UserEntity>, manager: EntityManager): Promise<boolean> {
    const { affected } = await manager.withRepository(this.users).update({ subject, deletedAt: IsNull() }, values);
    return affected === 1;
  }
}

const searchedBy = (text: string): object => ({
  folded: beginning(usernameKey(text) ?? text),
  lower: beginning(text.toLowerCase()),
  exact: beginning(text),
});

/** A pattern for LIKE. */
const beginning = (text: string): string => `${text.replace(/[\\%_]/g, '\\$&')}%`;

const subjectsIn = ({ raw }: InsertResult): string[] => (raw as { subject: string }[]).map(({ subject }) => subject);
