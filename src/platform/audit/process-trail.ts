import { Injectable } from '@nestjs/common';
import type { BeforeApplicationShutdown, OnApplicationBootstrap } from '@nestjs/common';
import { Database } from '../postgres/database.js';
import { KeyRing } from '../secrets/key-ring.js';
import { Audit } from './audit.js';

/** Notes in the trail when a process starts and stops, and under which keys: a change of keys is seen from one start to the next. */
@Injectable()
export class ProcessTrail implements OnApplicationBootstrap, BeforeApplicationShutdown {
  constructor(
    private readonly audit: Audit,
    private readonly database: Database,
    private readonly keys: KeyRing,
  ) {}

  onApplicationBootstrap(): Promise<void> {
    return this.note('process.start');
  }

  beforeApplicationShutdown(): Promise<void> {
    return this.note('process.stop');
  }

  private note(event: string): Promise<void> {
    return this.audit.note({ event, target: this.database.applicationName, reason: `keys ${this.keys.ids.join(',')}` });
  }
}
