import { Injectable, type PipeTransform } from '@nestjs/common';
import { isUUID } from 'class-validator';
import { OAuthError } from '../oauth/oauth-error.js';

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

export const notFound = () =>
  new OAuthError('not_found', { description: 'There is no such resource, or it was deleted.' });
