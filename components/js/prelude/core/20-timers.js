// queueMicrotask. The timers are the guest's, ordered by time and then by age; ../node/34-timers.js gives them to programs.

internal.define(globalThis, "queueMicrotask", sys.queueMicrotask);
