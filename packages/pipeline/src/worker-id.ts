import { randomBytes } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { hostname, uptime } from 'node:os';

/** The id under which a worker process claims and journals: `channel.host.boot.pid.random`. */
export function newWorkerId(channel: string): string {
  return `${channel}.${HOST}.${BOOT}.${process.pid}.${randomBytes(4).toString('hex')}`;
}

const HOST = hostname()
  .replace(/[^A-Za-z0-9-]/g, '-')
  .slice(0, 40);
const BOOT = bootId();

/** Names this start of the machine: Linux says it itself; elsewhere the time of the boot, to the minute, stands in. */
function bootId(): string {
  try {
    return readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim().slice(0, 8);
  } catch {
    return `t${Math.round((Date.now() / 1000 - uptime()) / 60)}`;
  }
}

export function sameChannel(workerId: string, other: string): boolean {
  return workerId.split('.')[0] === other.split('.')[0];
}

/** Whether the machine has not been started anew since this worker ran, so that all it wrote is in its files. */
export function isOfThisBoot(workerId: string): boolean {
  return workerId.split('.')[2] === BOOT;
}

/**
 * Whether the worker's process is certainly gone: of this host, and of an earlier boot, or its pid is free or is now ours. A
 * pid that somebody else has taken counts as alive; then the claim's end decides.
 */
export function isDead(workerId: string): boolean {
  const [, host, boot, pid] = workerId.split('.');
  if (host !== HOST) return false;
  if (boot !== BOOT || Number(pid) === process.pid) return true;
  try {
    process.kill(Number(pid), 0);
    return !isProcess(pid!);
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'ESRCH';
  }
}

/** On Linux a signal also finds a thread of some other process by that number; a process leads its own thread group. */
function isProcess(pid: string): boolean {
  try {
    return new RegExp(`^Tgid:\\s*${pid}$`, 'm').test(readFileSync(`/proc/${pid}/status`, 'utf8'));
  } catch {
    return true;
  }
}
