/** Every migration, in order. They are additive: version N−1 of the service runs against schema N. */
import { Initial1763800000000 } from './migrations/1763800000000-initial.js';

export const migrations = [Initial1763800000000];
