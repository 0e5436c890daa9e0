import { Injectable } from '@nestjs/common';
import type { Membership } from './chat.types.js';

/**
 * What may happen to a text before it is stored: it passes, it is changed, or it is refused by throwing `MessageRefused`.
 * A policy must answer the same text the same way: a client sends a message again until it is answered.
 */
export interface MessagePolicy {
  apply(text: string, sender: Membership): string | Promise<string>;
}

/** The policies in force, in the order of their registration. None by default; `safety` or a team adds its own at start. */
@Injectable()
export class MessagePolicies {
  private readonly policies: MessagePolicy[] = [];

  add(policy: MessagePolicy): void {
    this.policies.push(policy);
  }

  /** Answers at once where there is no policy. */
  apply(text: string, sender: Membership): string | Promise<string> {
    return this.policies.length === 0 ? text : this.applyEach(text, sender);
  }

  private async applyEach(text: string, sender: Membership): Promise<string> {
    let current = text;
    for (const policy of this.policies) current = await policy.apply(current, sender);
    return current;
  }
}
