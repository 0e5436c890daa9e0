import type { OpenAPIObject } from '@nestjs/swagger';
import { getMetadataStorage } from 'class-validator';
import { ERROR_CODES } from '../../contracts/error-codes.js';
import { schemaOf } from '../validation/dto-schema.js';

type Dto = abstract new () => object;

/** Swagger knows the routes and the names of the classes; the classes' own decorators say what is in them. */
export function describeHttp(document: OpenAPIObject): OpenAPIObject {
  const named = new Map<string, Dto>();
  for (const target of (
    getMetadataStorage() as unknown as { validationMetadatas: Map<Dto, unknown> }
  ).validationMetadatas.keys())
    named.set(target.name, target);
  const schemas = Object.fromEntries(
    Object.keys(document.components?.schemas ?? {}).map((name) => {
      const dto = named.get(name);
      return [name, dto ? schemaOf(dto) : {}];
    }),
  );
  const problem = {
    type: 'object',
    description: 'RFC 9457, application/problem+json',
    properties: {
      code: { enum: Object.keys(ERROR_CODES) },
      status: { type: 'integer' },
      requestId: { type: 'string' },
    },
    required: ['type', 'title', 'status', 'detail', 'instance', 'code', 'requestId'],
  };
  return { ...document, components: { ...document.components, schemas: { ...schemas, Problem: problem } } };
}
