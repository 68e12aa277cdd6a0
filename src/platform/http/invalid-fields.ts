import { OAuthError } from '../../oauth/oauth-error.js';

export interface FieldProblem {
  /** The path, like `name` or `refresh.idle_ttl_seconds`. */
  readonly field: string;
  /** The problem, without the value. */
  readonly detail: string;
}

/** A problem begins with the name of its field. */
export const fieldOfProblem = (problem: string): FieldProblem => ({
  field: problem.split(' ', 1)[0]!,
  detail: problem,
});

/** Bounds the response to a body with thousands of invalid fields. */
const MAX_PROBLEMS = 20;

/** A well-formed request with invalid fields; reports all of them at once. */
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
