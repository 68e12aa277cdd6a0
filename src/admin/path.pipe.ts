import { Injectable, type PipeTransform } from '@nestjs/common';
import { isUUID } from 'class-validator';
import { OAuthError } from '../oauth/oauth-error.js';
import { isUserSubject } from '../oauth/subject.js';
import { KnownNames } from './known-names.service.js';

/** An impossible name in a path is a 404, like an unknown one. */
@Injectable()
export class NamePipe implements PipeTransform<string, string> {
  transform(name: string): string {
    if (/[\p{Cc}\p{Cs}]/u.test(name)) throw notFound();
    return name;
  }
}

@Injectable()
export class IdPipe implements PipeTransform<string, string> {
  transform(id: string): string {
    if (!isUUID(id)) throw notFound();
    return id;
  }
}

/** The subject or the username of a user, to the subject. */
@Injectable()
export class UserPipe implements PipeTransform<string, Promise<string>> {
  constructor(private readonly names: KnownNames) {}

  transform(name: string): Promise<string> {
    return this.names.user(name);
  }
}

/** A subject or the username of a user, to the subject; not a client, which has a path of its own. */
@Injectable()
export class SubjectPipe implements PipeTransform<string, Promise<string>> {
  constructor(private readonly names: KnownNames) {}

  async transform(name: string): Promise<string> {
    const subject = await this.names.subject(name);
    if (!isUserSubject(subject)) throw notFound();
    return subject;
  }
}

export const notFound = () =>
  new OAuthError('not_found', { description: 'There is no such resource, or it was deleted.' });
