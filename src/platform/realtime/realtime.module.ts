import { Module } from '@nestjs/common';
import { ProcessChannel } from './process-channel.js';

/** This process's channel: both roles. The socket edge itself is the api's (`api.module.ts`). */
@Module({ providers: [ProcessChannel], exports: [ProcessChannel] })
export class RealtimeModule {}
