/**
 * How glibc's allocator is set for Stoa's processes (bytes; elsewhere without effect). Blocks from 128 KiB are given back to the
 * system as soon as they are free, and its thresholds no longer grow with what was freed: what readers who hang leave in a
 * process' buffers is gone with them (`npm run faults -- --row "slow consumer"`: +70 MiB without, none with, CPU alike).
 */
export const ALLOCATOR = { MALLOC_MMAP_THRESHOLD_: '131072', MALLOC_TRIM_THRESHOLD_: '8388608' };
