// tee: two streams that both get every chunk of a third. Byte streams give each branch its own bytes, and read into a branch's
// buffer where that branch asks for it. Start at `tee`.

const { streams } = internal;
const { upon, resolvedWith, deferred, viewParts } = streams;
const { queueMicrotask: queueTask } = sys;

function tee(stream) {
  return stream.controller.bytes ? teeBytes(stream) : teeDefault(stream);
}

// What both kinds share: a branch that is cancelled waits for the other one.
function createState(stream) {
  const state = {
    stream, reader: streams.acquireReader(stream), cancelled: [false, false], reasons: [undefined, undefined], done: deferred(), branches: [],
  };
  state.cancel = (index) => (reason) => {
    state.cancelled[index] = true;
    state.reasons[index] = reason;
    if (state.cancelled[1 - index]) state.done.resolve(streams.cancelReadable(stream, [...state.reasons]));
    return state.done.promise;
  };
  state.finish = () => {
    if (!state.cancelled[0] || !state.cancelled[1]) state.done.resolve(undefined);
  };
  return state;
}

function teeDefault(stream) {
  const state = createState(stream);
  let reading = false;
  let readAgain = false;
  const deliver = (chunk) => {
    readAgain = false;
    for (let i = 0; i < 2; i++) if (!state.cancelled[i]) streams.defaultEnqueue(state.branches[i].controller, chunk);
    reading = false;
    if (readAgain) pull();
  };
  const request = {
    // Later, so that a branch that errors while it is filled does not do so inside of the read.
    chunk: (chunk) => queueTask(() => deliver(chunk)),
    close: () => {
      reading = false;
      for (let i = 0; i < 2; i++) if (!state.cancelled[i]) streams.defaultClose(state.branches[i].controller);
      state.finish();
    },
    error: () => { reading = false; },
  };
  function pull() {
    if (reading) {
      readAgain = true;
    } else {
      reading = true;
      streams.readChunk(state.reader, request);
    }
    return resolvedWith(undefined);
  }
  for (let i = 0; i < 2; i++) state.branches[i] = streams.createReadable(streams.noop, pull, state.cancel(i));
  upon(state.reader.closed.promise, streams.noop, (reason) => {
    for (const branch of state.branches) streams.defaultError(branch.controller, reason);
    state.finish();
  });
  return state.branches;
}

function copyView(view) {
  const { buffer, offset, bytes } = viewParts(view);
  return viewParts(new Uint8Array(buffer, offset, bytes).slice());
}

function teeBytes(stream) {
  const state = createState(stream);
  Object.assign(state, { reading: false, readAgain: [false, false] });
  for (let i = 0; i < 2; i++) {
    state.branches[i] = streams.createReadableBytes(streams.noop, () => pullBytes(state, i), state.cancel(i));
  }
  watchReader(state);
  return state.branches;
}

// An error of the source reaches the branches through whichever reader is in use.
function watchReader(state) {
  const { reader } = state;
  upon(reader.closed.promise, streams.noop, (reason) => {
    if (state.reader !== reader) return;
    for (const branch of state.branches) streams.byteError(branch.controller, reason);
    state.finish();
  });
}

function pullBytes(state, index) {
  if (state.reading) {
    state.readAgain[index] = true;
    return resolvedWith(undefined);
  }
  state.reading = true;
  const { controller } = state.branches[index];
  if (streams.byobRequest(controller) === null) pullChunk(state);
  else pullView(state, controller.request.view, index);
  return resolvedWith(undefined);
}

function again(state) {
  state.reading = false;
  if (state.readAgain[0]) pullBytes(state, 0);
  else if (state.readAgain[1]) pullBytes(state, 1);
}

function swapReader(state, byob) {
  if (state.reader.byob === byob) return;
  const old = state.reader;
  state.reader = null;
  streams.releaseReader(old);
  state.reader = byob ? streams.acquireBYOBReader(state.stream) : streams.acquireReader(state.stream);
  watchReader(state);
}

// A copy that cannot be made ends both branches.
function tryCopy(state, view) {
  try {
    return copyView(view);
  } catch (reason) {
    for (const branch of state.branches) streams.byteError(branch.controller, reason);
    state.done.resolve(streams.cancelReadable(state.stream, reason));
    return undefined;
  }
}

function pullChunk(state) {
  swapReader(state, false);
  streams.readChunk(state.reader, {
    chunk: (chunk) => queueTask(() => {
      state.readAgain = [false, false];
      const { cancelled, branches } = state;
      let second;
      if (!cancelled[0] && !cancelled[1]) {
        second = tryCopy(state, chunk);
        if (second === undefined) return;
      }
      if (!cancelled[0]) streams.byteEnqueue(branches[0].controller, viewParts(chunk));
      if (!cancelled[1]) streams.byteEnqueue(branches[1].controller, second ?? viewParts(chunk));
      again(state);
    }),
    close: () => {
      state.reading = false;
      for (let i = 0; i < 2; i++) if (!state.cancelled[i]) streams.byteClose(state.branches[i].controller);
      for (const { controller } of state.branches) if (controller.pending.length > 0) streams.respond(controller, 0);
      state.finish();
    },
    error: () => { state.reading = false; },
  });
}

// Reads straight into the buffer that branch `index` wants filled; the other branch gets a copy.
function pullView(state, view, index) {
  swapReader(state, true);
  const other = 1 - index;
  const mine = state.branches[index].controller;
  const theirs = state.branches[other].controller;
  streams.readInto(state.reader, view, 1, {
    chunk: (chunk) => queueTask(() => {
      state.readAgain = [false, false];
      if (!state.cancelled[other]) {
        const copy = tryCopy(state, chunk);
        if (copy === undefined) return;
        if (!state.cancelled[index]) streams.respondWithNewView(mine, viewParts(chunk));
        streams.byteEnqueue(theirs, copy);
      } else if (!state.cancelled[index]) {
        streams.respondWithNewView(mine, viewParts(chunk));
      }
      again(state);
    }),
    close: (chunk) => {
      state.reading = false;
      if (!state.cancelled[index]) streams.byteClose(mine);
      if (!state.cancelled[other]) streams.byteClose(theirs);
      if (chunk !== undefined) {
        if (!state.cancelled[index]) streams.respondWithNewView(mine, viewParts(chunk));
        if (!state.cancelled[other] && theirs.pending.length > 0) streams.respond(theirs, 0);
      }
      state.finish();
    },
    error: () => { state.reading = false; },
  });
}

streams.tee = tee;
