import { Injectable } from '@nestjs/common';
import { Metrics } from '../platform/metrics/metrics.js';
import { Beacon } from './beacon.js';

/** How late what a lost hint did not say may come at worst. */
@Injectable()
export class BeaconMetrics {
  constructor(beacon: Beacon, metrics: Metrics) {
    metrics.gauge(
      'stoa_chat_beacon_age_seconds',
      'Since the beacon began its last look at all who are connected here; what a look could not see makes it older',
      () => beacon.ageMs / 1_000,
    );
  }
}
