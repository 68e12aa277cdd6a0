/**
 * The parameters of a form as a request object, checked by the decorators of its class. Only declared parameters are
 * read; the rest of the form does not exist for it (RFC 6749 §3.2: unrecognised parameters are ignored).
 */
import { getMetadataStorage, validateSync } from 'class-validator';
import type { Form } from './form.js';
import { OAuthError } from './oauth-error.js';

type RequestClass<T> = new () => T;

const declaredParameters = new Map<RequestClass<unknown>, readonly string[]>();

/** @throws OAuthError invalid_request that names the parameter, and not its value */
export function validateRequest<T extends object>(type: RequestClass<T>, form: Form): T {
  const request = new type();
  for (const name of parametersOf(type)) {
    const value = form.get(name);
    if (value !== undefined) Object.assign(request, { [name]: value });
  }
  const [problem] = validateSync(request, { stopAtFirstError: true, forbidUnknownValues: true });
  if (problem) throw OAuthError.malformedParameter(problem.property);
  return request;
}

function parametersOf(type: RequestClass<unknown>): readonly string[] {
  const known = declaredParameters.get(type);
  if (known) return known;
  const metadata = getMetadataStorage().getTargetValidationMetadatas(type, '', false, false);
  const names = [...new Set(metadata.map(({ propertyName }) => propertyName))];
  declaredParameters.set(type, names);
  return names;
}
