import { Injectable } from '@nestjs/common';
import type { MatchingCriterion } from './criteria.js';

export type { MatchingCriterion } from './criteria.js';
export type { SearchTicket } from './ticket.types.js';

/** Most that the weights of all added criteria may sum to: the built-in ones, which sum to 1, stay the larger part. */
const MOST_WEIGHT = 1;

/** The criteria that teams add, in the order of their registration; none by default. Registered at start, before any shard runs. */
@Injectable()
export class MatchingCriteria {
  private readonly criteria: MatchingCriterion[] = [];

  /** @throws Error when the weight is no number in 0..1, the sum exceeds 1, or the name is taken: the start then fails */
  add(criterion: MatchingCriterion): void {
    const sum = this.criteria.reduce((total, { weight }) => total + weight, criterion.weight);
    if (!(criterion.weight >= 0) || sum > MOST_WEIGHT)
      throw new Error(`criterion ${criterion.name}: weights beyond 0..1`);
    if (this.criteria.some(({ name }) => name === criterion.name))
      throw new Error(`criterion ${criterion.name} is there twice`);
    this.criteria.push(criterion);
  }

  all(): readonly MatchingCriterion[] {
    return this.criteria;
  }
}
