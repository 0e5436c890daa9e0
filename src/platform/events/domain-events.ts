import { Injectable } from '@nestjs/common';
import { toStoaError } from '../errors/error-mapper.js';
import { Log } from '../logging/log.js';

// oxlint-disable-next-line typescript/no-explicit-any -- constructors differ by event; the handler's type recovers it
type EventClass<Event extends object> = abstract new (...args: any[]) => Event;
type Handler<Event> = (event: Event) => void | Promise<void>;

/**
 * Tells the other features of this process what has happened. In-process only and after the commit:
 * what must survive a crash is a row or a job. A handler's error is logged and reaches nobody else.
 */
@Injectable()
export class DomainEvents {
  private readonly handlers = new Map<EventClass<object>, Handler<never>[]>();

  constructor(private readonly log: Log) {}

  on<Event extends object>(event: EventClass<Event>, handler: Handler<Event>): void {
    this.handlers.set(event, [...(this.handlers.get(event) ?? []), handler]);
  }

  publish(event: object): void {
    for (const handler of this.handlers.get(event.constructor as EventClass<object>) ?? [])
      void this.run(handler as Handler<object>, event);
  }

  private async run(handler: Handler<object>, event: object): Promise<void> {
    try {
      await handler(event);
    } catch (error) {
      // A store that is away for a moment is no fault of the handler's; a sweep makes up for what it did not do.
      const about = { name: event.constructor.name, err: error };
      if (toStoaError(error).code === 'UNAVAILABLE') this.log.warn({ event: 'event.store_away', ...about });
      else this.log.error({ event: 'event.handler_failed', ...about });
    }
  }
}
