import { OAuthError } from '../../oauth/oauth-error.js';

export interface FieldProblem {
  /** Where: `name`, `refresh.idle_ttl_seconds`. */
  readonly field: string;
  /** What is wrong with it, without its value. */
  readonly detail: string;
}

/** A body of thousands of wrong fields needs no answer of ten times its size. */
const MAX_PROBLEMS = 20;

/** A request that is well-formed, and wrong in what it says: every field that is wrong, at once. */
export class InvalidFields extends OAuthError {
  readonly problems: readonly FieldProblem[];

  constructor(problems: readonly FieldProblem[]) {
    super('invalid_request', {
      reason: 'invalid_fields',
      description: `Some fields are missing or wrong: ${[...new Set(problems.map(({ field }) => field))].slice(0, MAX_PROBLEMS).join(', ')}.`,
    });
    this.problems = problems.slice(0, MAX_PROBLEMS);
  }
}
