/**
 * The decorators of a request class, compiled once into a flat list, because class-validator looks them up for every object,
 * which takes longer than the checks. Decorators that make no sense for a parameter (one string or absent) are refused.
 */
import { getMetadataStorage, ValidationTypes } from 'class-validator';

export interface ParameterRules {
  readonly name: string;
  /** @returns whether the request's value of this parameter satisfies them */
  hold(request: Parameters): boolean;
}

/** A request object as its parameters by name. */
export type Parameters = Record<string, string | undefined>;

type RequestClass = new () => object;
type Rule = (request: Parameters, value: string | undefined) => boolean;
type Metadata = ReturnType<ReturnType<typeof getMetadataStorage>['getTargetValidationMetadatas']>[number];

const compiled = new Map<RequestClass, readonly ParameterRules[]>();

/** The rules by parameter, in class-validator's order. @throws Error if the class has an unsupported decorator */
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
