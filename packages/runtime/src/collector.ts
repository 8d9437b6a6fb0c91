import { setFlagsFromString } from 'node:v8';

/**
 * Turns V8's pretenuring off: what it is for, objects that live long, is the opposite of a message. It watches where the objects
 * come from that survive the collection of young ones, and then makes all objects of these places in the old generation. One
 * moment in which a worker has many messages in its hands is enough for that, and it is never taken back: from then on each
 * message leaves old garbage that keeps its young texts alive until the next full collection. Measured on the high-throughput
 * email worker: 14 MB instead of 0.1 MB moved to the old generation by each collection of 43 MB, 500 MB of memory instead of 320,
 * and some 80 us more of CPU a message. Called before anything is hot.
 */
export function keepMessagesYoung(): void {
  setFlagsFromString('--no-allocation-site-pretenuring');
}
