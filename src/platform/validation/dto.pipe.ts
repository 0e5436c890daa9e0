import { Injectable } from '@nestjs/common';
import type { ArgumentMetadata, PipeTransform } from '@nestjs/common';
import { InputInvalid } from '../errors/stoa-error.js';
import { compileDto } from './compile-dto.js';

const NATIVE = new Set<unknown>([String, Boolean, Number, Array, Object, undefined]);

/** Checks HTTP bodies and queries by their DTO class, as the socket edge does: one validator for both. */
@Injectable()
export class DtoPipe implements PipeTransform {
  transform(value: unknown, { metatype, type }: ArgumentMetadata): unknown {
    if ((type !== 'body' && type !== 'query') || !metatype || NATIVE.has(metatype)) return value;
    const errors = compileDto(metatype)(value ?? {});
    if (errors) throw new InputInvalid(errors);
    return value ?? {};
  }
}
