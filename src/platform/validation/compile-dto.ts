import { Ajv } from 'ajv';
import type { ErrorObject, ValidateFunction } from 'ajv';
import type { FieldError, FieldErrorCode } from '../../contracts/error-codes.js';
import { inputSchemaOf } from './dto-schema.js';

type Dto = abstract new () => object;

/** @returns the refused fields, or undefined when the value fits; the value itself is never changed. */
export type DtoCheck = (value: unknown) => FieldError[] | undefined;

/** Most refused fields that one answer names. */
const MAX_ERRORS = 20;

const CODE_OF_KEYWORD: Record<string, FieldErrorCode> = {
  required: 'required',
  additionalProperties: 'unknown',
  type: 'type',
  minLength: 'length',
  maxLength: 'length',
  pattern: 'format',
  format: 'format',
  enum: 'choice',
  const: 'choice',
  minimum: 'range',
  maximum: 'range',
  exclusiveMinimum: 'range',
  minItems: 'count',
  maxItems: 'count',
  uniqueItems: 'conflict',
};

// Not allErrors: one refused field is enough, and a hostile input cannot buy more work with more faults.
const ajv = new Ajv({ allErrors: false, strict: false, validateFormats: false });
const compiled = new WeakMap<Dto, DtoCheck>();

/** A check of the class's contract, compiled once per class (about 0.4 µs a call where class-validator takes 30). */
export function compileDto(dto: Dto): DtoCheck {
  let check = compiled.get(dto);
  if (!check) compiled.set(dto, (check = toCheck(ajv.compile(inputSchemaOf(dto)))));
  return check;
}

function toCheck(validate: ValidateFunction): DtoCheck {
  return (value) => (validate(value) ? undefined : toFieldErrors(validate.errors ?? []));
}

function toFieldErrors(errors: ErrorObject[]): FieldError[] {
  // `anyOf [contract, null]` reports both branches; only the contract's says something.
  const telling = errors.filter((e) => e.keyword !== 'anyOf' && !(e.keyword === 'type' && e.params['type'] === 'null'));
  return (telling.length > 0 ? telling : errors).slice(0, MAX_ERRORS).map((error) => ({
    field: fieldOf(error),
    code: CODE_OF_KEYWORD[error.keyword] ?? 'format',
  }));
}

function fieldOf({ instancePath, params }: ErrorObject): string {
  const name = (params['missingProperty'] ?? params['additionalProperty']) as string | undefined;
  const path = instancePath.slice(1).replaceAll('/', '.');
  // An unknown property's name is the client's own text: kept short and plain.
  const last = name?.replaceAll(/[^\w.-]/g, '?').slice(0, 40);
  return [path, last].filter((part) => part).join('.');
}
