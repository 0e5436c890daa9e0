import { Injectable } from '@nestjs/common';
import type { Connection } from '../platform/realtime/connection.types.js';

/** The live connections that end in this process: at most one per user. */
@Injectable()
export class ConnectionRegistry {
  private readonly connections = new Map<string, Connection>();

  get size(): number {
    return this.connections.size;
  }

  find(userId: string): Connection | undefined {
    return this.connections.get(userId);
  }

  /** Whether it is still the user's connection here. */
  has(connection: Connection): boolean {
    return this.find(connection.data.identity.userId) === connection;
  }

  /** @returns the connection that it replaces */
  put(connection: Connection): Connection | undefined {
    const { userId } = connection.data.identity;
    const previous = this.connections.get(userId);
    this.connections.set(userId, connection);
    return previous === connection ? undefined : previous;
  }

  /** @returns false when the user has another connection here, or none */
  remove(connection: Connection): boolean {
    const { userId } = connection.data.identity;
    return this.has(connection) && this.connections.delete(userId);
  }

  all(): Connection[] {
    return [...this.connections.values()];
  }
}
