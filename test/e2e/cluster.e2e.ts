import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startRedisCluster } from '../../scripts/services/redis-cluster.mjs';
import { deploy } from '../support/deployment.js';
import type { Deployment } from '../support/deployment.js';
import { meet } from '../support/person.js';

let cluster: Awaited<ReturnType<typeof startRedisCluster>>;
let deployment: Deployment;
beforeAll(async () => {
  cluster = await startRedisCluster();
  deployment = await deploy({ redisUrl: cluster.url, env: { RECONNECT_GRACE_MS: '2500' } });
});
afterAll(async () => {
  await deployment.stop();
  await cluster.stop();
});

describe('on a Redis Cluster of three primaries', () => {
  it('strangers meet, talk, take over and part, across two processes', async () => {
    const urls = deployment.apis.map((api) => api.url);
    // Several meetings: their shards, presence keys and channels spread over the three.
    for (let i = 0; i < 8; i += 1) {
      const { ada, bob, adas, bobs } = await meet(urls);
      await ada.say(adas, 'over the cluster');
      expect(await bob.next('message:new')).toMatchObject({ text: 'over the cluster', seq: 1 });
      await bob.say(bobs, 'heard');
      expect(await ada.next('message:new')).toMatchObject({ seq: 2 });
      await ada.connect(urls[1]);
      expect(await ada.next('session:superseded')).toHaveProperty('at');
      await ada.ask('conversation:leave', { conversationId: adas });
      expect(await bob.next('conversation:ended')).toEqual({ conversationId: bobs, reason: 'partner_left' });
      ada.disconnect();
      bob.disconnect();
    }
  });

  it('a lost partner is noticed, and the conversation ends after the grace', async () => {
    const { ada, bob, adas } = await meet(deployment.apis.map((api) => api.url));
    bob.disconnect();
    expect(await ada.next('partner:presence')).toMatchObject({ state: 'reconnecting' });
    expect(await ada.next('conversation:ended')).toEqual({ conversationId: adas, reason: 'partner_left' });
    ada.disconnect();
  });
});
