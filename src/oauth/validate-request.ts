/**
 * Turns the parameters of a form into a request object, validated by the decorators of its class. Undeclared parameters are
 * ignored (RFC 6749 §3.2). The decorators are compiled once into a flat list, because class-validator looks them up for every
 * object, which takes longer than the checks.
 */
import { getMetadataStorage, ValidationTypes } from 'class-validator';
import type { Form } from './form.js';
import { OAuthError } from './oauth-error.js';

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

export interface ParameterRules {
  readonly name: string;
  /** @returns whether the request's value of this parameter satisfies them */
  hold(request: Parameters): boolean;
}

/** A request object as its parameters by name. */
type Parameters = Record<string, string | undefined>;

type RequestClass = new () => object;
type Rule = (request: Parameters, value: string | undefined) => boolean;
type Metadata = ReturnType<ReturnType<typeof getMetadataStorage>['getTargetValidationMetadatas']>[number];

const compiled = new Map<RequestClass, readonly ParameterRules[]>();

/**
 * The rules by parameter, in class-validator's order.
 * @throws Error if the class has a decorator that makes no sense for a parameter (one string or absent)
 */
export function parameterRules(type: RequestClass): readonly ParameterRules[] {
  let rules = compiled.get(type);
  if (!rules) compiled.set(type, (rules = compile(type)));
  return rules;
}

function compile(type: RequestClass): ParameterRules[] {
  const metadata = getMetadataStorage().getTargetValidationMetadatas(type, '', false, false);
  const names = [...new Set(metadata.map(({ propertyName }) => propertyName))];
  return names.map((name) => {
    const own = metadata.filter(({ propertyName }) => propertyName === name);
    const conditions = own.filter(isCondition).map(({ constraints }) => constraints[0] as Rule);
    const checks = own.filter((one) => !isCondition(one)).flatMap((one) => checksOf(one, type));
    return {
      name,
      hold: (request) => {
        const value = request[name];
        return (
          !conditions.every((applies) => applies(request, value)) || checks.every((holds) => holds(request, value))
        );
      },
    };
  });
}

const isCondition = ({ type }: Metadata): boolean => type === ValidationTypes.CONDITIONAL_VALIDATION;

function checksOf(metadata: Metadata, { name: targetName }: RequestClass): Rule[] {
  const { type, propertyName: property, constraints, constraintCls, each, validateIf } = metadata;
  const validators = getMetadataStorage().getTargetValidatorConstraints(constraintCls);
  const isPlain = type === ValidationTypes.CUSTOM_VALIDATION && !each && !validateIf;
  if (!isPlain || validators.some((validator) => validator.async)) {
    throw new Error(`The decorator ${metadata.name ?? type} of ${targetName}.${property} is not supported.`);
  }
  return validators.map(
    ({ instance }) =>
      (object, value) =>
        instance.validate(value, { targetName, property, object, value, constraints }) === true,
  );
}
