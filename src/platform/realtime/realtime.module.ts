import { Module } from '@nestjs/common';
import { ChannelWatch } from './channel-watch.js';
import { ProcessChannel } from './process-channel.js';

/** This process's channel: both roles. The socket edge itself is the api's (`api.module.ts`). */
@Module({ providers: [ChannelWatch, ProcessChannel], exports: [ProcessChannel] })
export class RealtimeModule {}
