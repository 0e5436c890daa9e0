import 'reflect-metadata';
import { defaultMetadataStorage } from 'class-transformer/cjs/storage.js';
import { getMetadataStorage } from 'class-validator';
import { targetConstructorToSchema } from 'class-validator-jsonschema';

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

/**
 * The JSON Schema of a DTO class, from its class-validator decorators: the class stays the single source.
 * Unknown properties are refused at every depth; an optional field may also be `null`.
 */
export function schemaOf(dto: Dto): JsonSchema {
  return inline(dto);
}

function inline(dto: Dto): JsonSchema {
  const schema = targetConstructorToSchema(dto, {
    classTransformerMetadataStorage: defaultMetadataStorage as never,
    refPointerPrefix: REF,
    // Ours always have a time; the default, `oneOf` date and date-time, fits nothing where formats are not looked at.
    additionalConverters: { isIso8601: { type: 'string', format: 'date-time' } },
  }) as JsonSchema;
  const properties = { ...schema.properties };
  for (const [name, property] of Object.entries(properties)) {
    const nested = nestedType(dto, name);
    const own = nested ? withNested(property, inline(nested)) : property;
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
