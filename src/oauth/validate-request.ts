/**
 * Turns the parameters of a form into a request object, validated by the decorators of its class. Undeclared parameters are
 * ignored (RFC 6749 §3.2).
 */
import type { Form } from './form.js';
import { OAuthError } from './oauth-error.js';
import { parameterRules, type Parameters } from './parameter-rules.js';

/** @throws OAuthError invalid_request that names the parameter but not its value */
export function validateRequest<T extends object>(type: new () => T, form: Form): T {
  const request = new type();
  const parameters = request as Parameters;
  const rules = parameterRules(type);
  for (const { name } of rules) {
    const value = form.get(name);
    if (value !== undefined) parameters[name] = value;
  }
  for (const rule of rules) if (!rule.hold(parameters)) throw OAuthError.malformedParameter(rule.name);
  return request;
}
