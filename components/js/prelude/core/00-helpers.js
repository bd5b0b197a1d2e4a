// Helpers that the other files of the prelude share through `internal`. Each file of the prelude is the body of
// `(function (globalThis, sys, internal) { "use strict"; … })`; programs never see `sys` and `internal`.

const { defineProperty } = Object;

// Defines a property as the language does it for its own: writable, configurable, not enumerable.
internal.define = (target, name, value) =>
  defineProperty(target, name, { value, writable: true, enumerable: false, configurable: true });

// The same for a getter, and a setter if there is one.
internal.defineGetter = (target, name, get, set) =>
  defineProperty(target, name, { get, set, enumerable: false, configurable: true });

// A getter whose value is made when it is first read: what most programs never use costs them nothing.
internal.defineLazy = (target, name, make) => {
  let value;
  let made = false;
  defineProperty(target, name, {
    get() {
      if (!made) {
        value = make();
        made = true;
      }
      return value;
    },
    enumerable: true,
    configurable: true,
  });
};

// Gives an array other elements, whatever the program did to its methods.
internal.refill = (array, elements) => {
  array.length = 0;
  for (let i = 0; i < elements.length; i++) array[i] = elements[i];
};

// Does something whenever a frozen context goes on: see `EVENT_RESTORED` in ../../guest/main.c. Asked for when there is
// something to renew, so that a context which needs none of it pays nothing.
const renewals = { __proto__: null, length: 0 };
internal.renewing = (renew) => {
  renewals[renewals.length++] = renew;
  sys.wantRenewals();
};
internal.restored = () => {
  for (let i = 0; i < renewals.length; i++) {
    try {
      renewals[i]();
    } catch {
      // Whatever the program did to its objects: the rest is renewed all the same.
    }
  }
};
