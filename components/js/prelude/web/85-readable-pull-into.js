// Byte streams, continued: moving bytes from the queue or from the source into the buffers that readers brought.
// A descriptor: {buffer, bufferBytes, offset, bytes, filled, minimum, elementSize, kind, reader: "byob" | "default" | "none"}.
// Invariant: a buffer that enters is transferred, so neither source nor reader can touch it while the other may.

const { apply } = internal.idl;
const { isDetached, get } = internal.classify;
const { streams } = internal;
const { Queue, viewParts } = streams;
const transferBuffer = ArrayBuffer.prototype.transfer;
const setBytes = Uint8Array.prototype.set;
const VIEWS = { __proto__: null, DataView };
for (const name of [
  "Int8Array", "Uint8Array", "Uint8ClampedArray", "Int16Array", "Uint16Array", "Int32Array", "Uint32Array",
  "BigInt64Array", "BigUint64Array", "Float16Array", "Float32Array", "Float64Array",
]) {
  if (globalThis[name] !== undefined) VIEWS[name] = globalThis[name];
}

function transfer(buffer) {
  return apply(transferBuffer, buffer, []);
}

function bufferLength(buffer) {
  return apply(get.bufferLength, buffer, []);
}

function toView(descriptor) {
  const { kind, buffer, offset, filled, elementSize } = descriptor;
  return new VIEWS[kind](transfer(buffer), offset, filled / elementSize);
}

function commit(stream, descriptor) {
  streams.fulfillRead(stream, toView(descriptor), stream.state === "closed");
}

function commitAll(stream, descriptors) {
  for (const descriptor of descriptors) commit(stream, descriptor);
}

function enqueueBytes(controller, buffer, offset, bytes) {
  controller.queue.push({ buffer, offset, bytes });
  controller.total += bytes;
}

function enqueueCopy(controller, buffer, offset, bytes) {
  let copy;
  try {
    copy = new ArrayBuffer(bytes);
    apply(setBytes, new Uint8Array(copy), [new Uint8Array(buffer, offset, bytes)]);
  } catch (reason) {
    streams.byteError(controller, reason);
    throw reason;
  }
  enqueueBytes(controller, copy, 0, bytes);
}

// What a reader's buffer had received when that reader was released goes back to the queue.
function requeueReleased(controller, descriptor) {
  if (descriptor.filled > 0) enqueueCopy(controller, descriptor.buffer, descriptor.offset, descriptor.filled);
  controller.pending.shift();
}

function enqueue(controller, { buffer, offset, bytes }) {
  const { stream } = controller;
  if (controller.closeRequested || stream.state !== "readable") return;
  if (isDetached(buffer)) throw new TypeError("The chunk's buffer is detached");
  const moved = transfer(buffer);
  const first = controller.pending.peek();
  if (first !== undefined) {
    if (isDetached(first.buffer)) throw new TypeError("The requested buffer is detached");
    streams.withdrawRequest(controller);
    first.buffer = transfer(first.buffer);
    if (first.reader === "none") requeueReleased(controller, first);
  }
  if (stream.reader !== null && !stream.reader.byob) {
    serveReads(controller);
    if (streams.waitingReads(stream, false) === 0) {
      enqueueBytes(controller, moved, offset, bytes);
    } else {
      if (controller.pending.length > 0) controller.pending.shift();
      streams.fulfillRead(stream, new Uint8Array(moved, offset, bytes), false);
    }
  } else {
    enqueueBytes(controller, moved, offset, bytes);
    if (stream.reader !== null) commitAll(stream, fillPending(controller));
  }
  streams.bytePullIfNeeded(controller);
}

// Ordinary reads that wait take what the queue holds.
function serveReads(controller) {
  const { requests } = controller.stream.reader;
  while (requests.length > 0 && controller.total > 0) takeChunk(controller, requests.shift());
}

function takeChunk(controller, request) {
  const { buffer, offset, bytes } = controller.queue.shift();
  controller.total -= bytes;
  streams.afterDrain(controller);
  request.chunk(new Uint8Array(buffer, offset, bytes));
}

// Copies queued bytes into the descriptor; true when it has at least its minimum, in whole elements.
function fillFromQueue(controller, descriptor) {
  const room = Math.min(controller.total, descriptor.bytes - descriptor.filled);
  const end = descriptor.filled + room;
  const aligned = end - (end % descriptor.elementSize);
  const ready = aligned >= descriptor.minimum;
  let left = ready ? aligned - descriptor.filled : room;
  while (left > 0) {
    const head = controller.queue.peek();
    const count = Math.min(left, head.bytes);
    const target = new Uint8Array(descriptor.buffer, descriptor.offset + descriptor.filled, count);
    apply(setBytes, target, [new Uint8Array(head.buffer, head.offset, count)]);
    if (head.bytes === count) {
      controller.queue.shift();
    } else {
      head.offset += count;
      head.bytes -= count;
    }
    controller.total -= count;
    descriptor.filled += count;
    left -= count;
  }
  return ready;
}

// Fills waiting descriptors from the queue, in order; answers those that are complete.
function fillPending(controller) {
  const filled = [];
  while (controller.pending.length > 0 && controller.total > 0) {
    const descriptor = controller.pending.peek();
    if (!fillFromQueue(controller, descriptor)) break;
    filled.push(controller.pending.shift());
  }
  return filled;
}

function describeView(view, min) {
  const parts = viewParts(view);
  const elementSize = parts.kind === "DataView" ? 1 : VIEWS[parts.kind].BYTES_PER_ELEMENT;
  const buffer = transfer(parts.buffer);
  return {
    buffer, bufferBytes: bufferLength(buffer), offset: parts.offset, bytes: parts.bytes, filled: 0, minimum: min * elementSize, elementSize,
    kind: parts.kind, reader: "byob",
  };
}

function pullInto(controller, view, min, request) {
  const { stream } = controller;
  let descriptor;
  try {
    descriptor = describeView(view, min);
  } catch (reason) {
    request.error(reason);
    return;
  }
  if (controller.pending.length > 0) {
    controller.pending.push(descriptor);
    stream.reader.requests.push(request);
    return;
  }
  if (stream.state === "closed") {
    request.close(new VIEWS[descriptor.kind](descriptor.buffer, descriptor.offset, 0));
    return;
  }
  if (controller.total > 0) {
    if (fillFromQueue(controller, descriptor)) {
      const filled = toView(descriptor);
      streams.afterDrain(controller);
      request.chunk(filled);
      return;
    }
    if (controller.closeRequested) {
      const reason = new TypeError("The stream ends inside of an element");
      streams.byteError(controller, reason);
      request.error(reason);
      return;
    }
  }
  controller.pending.push(descriptor);
  stream.reader.requests.push(request);
  streams.bytePullIfNeeded(controller);
}

// An ordinary read of a byte stream.
function pull(controller, request) {
  if (controller.total > 0) return takeChunk(controller, request);
  const { autoAllocate, stream } = controller;
  if (autoAllocate !== undefined) {
    let buffer;
    try {
      buffer = new ArrayBuffer(autoAllocate);
    } catch (reason) {
      request.error(reason);
      return;
    }
    controller.pending.push({
      buffer, bufferBytes: autoAllocate, offset: 0, bytes: autoAllocate, filled: 0, minimum: 1, elementSize: 1, kind: "Uint8Array", reader: "default",
    });
  }
  stream.reader.requests.push(request);
  streams.bytePullIfNeeded(controller);
}

function respond(controller, count) {
  const first = controller.pending.peek();
  if (controller.stream.state === "closed") {
    if (count !== 0) throw new TypeError("The stream is closed: only 0 bytes can be written");
  } else {
    if (count === 0) throw new TypeError("At least one byte must be written, or the stream be closed first");
    if (first.filled + count > first.bytes) throw new RangeError("More bytes than the buffer holds");
  }
  first.buffer = transfer(first.buffer);
  respondInternal(controller, count);
}

function respondWithNewView(controller, { buffer, offset, bytes }) {
  const first = controller.pending.peek();
  if (controller.stream.state === "closed") {
    if (bytes !== 0) throw new TypeError("The stream is closed: the view must be empty");
  } else if (bytes === 0) {
    throw new TypeError("The view is empty, and the stream is not closed");
  }
  if (first.offset + first.filled !== offset) throw new RangeError("The view begins elsewhere than the requested one");
  if (first.bufferBytes !== bufferLength(buffer)) throw new RangeError("The view's buffer differs in size from the requested one");
  if (first.filled + bytes > first.bytes) throw new RangeError("The view is longer than the requested one");
  first.buffer = transfer(buffer);
  respondInternal(controller, bytes);
}

function respondInternal(controller, count) {
  const { stream } = controller;
  const first = controller.pending.peek();
  streams.withdrawRequest(controller);
  if (stream.state === "closed") respondClosed(controller, first);
  else respondReadable(controller, count, first);
  streams.bytePullIfNeeded(controller);
}

function respondClosed(controller, first) {
  const { stream, pending } = controller;
  if (first.reader === "none") pending.shift();
  const waiting = streams.waitingReads(stream, true);
  for (let i = 0; i < waiting; i++) commit(stream, pending.shift());
}

function respondReadable(controller, count, first) {
  const { stream } = controller;
  first.filled += count;
  if (first.reader === "none") {
    requeueReleased(controller, first);
    commitAll(stream, fillPending(controller));
    return;
  }
  if (first.filled < first.minimum) return;
  controller.pending.shift();
  const rest = first.filled % first.elementSize;
  if (rest > 0) enqueueCopy(controller, first.buffer, first.offset + first.filled - rest, rest);
  first.filled -= rest;
  const filled = fillPending(controller);
  commit(stream, first);
  commitAll(stream, filled);
}

// The reader goes away: of what waited, only the buffer that the source may be filling stays.
function release(controller) {
  const first = controller.pending.peek();
  if (first === undefined) return;
  first.reader = "none";
  controller.pending = new Queue();
  controller.pending.push(first);
}

Object.assign(streams, { byteEnqueue: enqueue, bytePull: pull, byteRelease: release, pullInto, respond, respondWithNewView });
