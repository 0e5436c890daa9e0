import 'reflect-metadata';
import { defaultMetadataStorage } from 'class-transformer/cjs/storage.js';
import { getMetadataStorage } from 'class-validator';
import { targetConstructorToSchema } from 'class-validator-jsonschema';
import { isAnyText } from '../../contracts/any-text.decorator.js';

/** A JSON Schema object; only the keywords that we touch are typed. */
export interface JsonSchema {
  type?: string | string[];
  properties?: Record<string, JsonSchema>;
  required?: string[];
  additionalProperties?: boolean;
  $ref?: string;
  items?: JsonSchema;
  pattern?: string;
  [keyword: string]: unknown;
}

type Dto = abstract new () => object;

const REF = '#/definitions/';

/** Postgres takes no NUL in a text, and fails the whole statement. */
const WITHOUT_NUL = '^[^\\u0000]*$';

/**
 * The JSON Schema of a DTO class, from its class-validator decorators: the class stays the single source.
 * Unknown properties are refused at every depth; an optional field may also be `null`.
 */
export function schemaOf(dto: Dto): JsonSchema {
  return inline(dto, (_, __, property) => property);
}

/** The same for what comes from outside: no text holds NUL, but where the class says that any may come (`AnyText`). */
export function inputSchemaOf(dto: Dto): JsonSchema {
  return inline(dto, (owner, name, property) => (isAnyText(owner, name) ? property : withoutNul(property)));
}

type Refine = (owner: Dto, name: string, property: JsonSchema) => JsonSchema;

function inline(dto: Dto, refine: Refine): JsonSchema {
  const schema = targetConstructorToSchema(dto, {
    classTransformerMetadataStorage: defaultMetadataStorage as never,
    refPointerPrefix: REF,
    // Ours always have a time; the default, `oneOf` date and date-time, fits nothing where formats are not looked at.
    additionalConverters: { isIso8601: { type: 'string', format: 'date-time' } },
  }) as JsonSchema;
  const properties = { ...schema.properties };
  for (const [name, property] of Object.entries(properties)) {
    const nested = nestedType(dto, name);
    const own = nested ? withNested(property, inline(nested, refine)) : refine(dto, name, property);
    properties[name] = schema.required?.includes(name) ? own : { anyOf: [own, { type: 'null' }] };
  }
  return { type: 'object', properties, required: schema.required ?? [], additionalProperties: false };
}

function nestedType(dto: Dto, name: string): Dto | undefined {
  const isNested = getMetadataStorage()
    .getTargetValidationMetadatas(dto, '', false, false)
    .some((m) => m.propertyName === name && m.type === 'nestedValidation');
  if (!isNested) return undefined;
  return defaultMetadataStorage.findTypeMetadata(dto, name)?.typeFunction?.();
}

function withNested(property: JsonSchema, nested: JsonSchema): JsonSchema {
  return property.type === 'array' ? { ...property, items: nested } : nested;
}

/** Choices and patterns of our own let no NUL pass anyway. */
function withoutNul(property: JsonSchema): JsonSchema {
  if (property.items) return { ...property, items: withoutNul(property.items) };
  const isFree = property.type === 'string' && property.pattern === undefined && property['enum'] === undefined;
  return isFree ? { ...property, pattern: WITHOUT_NUL } : property;
}
