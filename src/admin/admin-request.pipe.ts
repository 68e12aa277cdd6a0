import { Injectable, ValidationPipe, type ArgumentMetadata } from '@nestjs/common';
import type { ValidationError } from 'class-validator';
import { InvalidFields, type FieldProblem } from '../platform/http/invalid-fields.js';
import { Form } from '../oauth/form.js';
import { OAuthError } from '../oauth/oauth-error.js';

/** Validates bodies and queries by their classes: strict types, no unknown fields, and all problems reported at once. */
@Injectable()
export class AdminRequestPipe extends ValidationPipe {
  constructor() {
    super({
      transform: true,
      whitelist: true,
      forbidNonWhitelisted: true,
      forbidUnknownValues: true,
      stopAtFirstError: true,
      exceptionFactory: (errors) => new InvalidFields(errors.flatMap((error) => problemsOf(error))),
    });
  }

  override transform(value: unknown, metadata: ArgumentMetadata): Promise<unknown> {
    if (metadata.type === 'body' && value instanceof Form) {
      throw new OAuthError('invalid_request', {
        reason: 'not_json',
        status: 415,
        description: 'The body must be JSON.',
      });
    }
    return super.transform(value, metadata);
  }
}

function problemsOf({ property, constraints = {}, children = [] }: ValidationError, parent = ''): FieldProblem[] {
  const field = `${parent}${property}`;
  const own = Object.values(constraints).map((detail) => ({ field, detail }));
  return [...own, ...children.flatMap((child) => problemsOf(child, `${field}.`))];
}
