// navigator: what libraries look at to find out where they run.

const { KEY, expose, illegalConstructor, isObject, brands, inspectors } = internal.idl;

class Navigator {
  #userAgent = "b8g/0.1.0";
  #hardwareConcurrency = 1;
  constructor(key = undefined) {
    if (key !== KEY) illegalConstructor();
  }
  get userAgent() { return this.#userAgent; }
  get hardwareConcurrency() { return this.#hardwareConcurrency; }
  static {
    brands.push((value) => isObject(value) && #userAgent in value);
  }
}
expose(Navigator);
inspectors.set(Navigator.prototype, (navigator, show) => show(navigator, ["userAgent", "hardwareConcurrency"]));
internal.define(globalThis, "navigator", new Navigator(KEY));
