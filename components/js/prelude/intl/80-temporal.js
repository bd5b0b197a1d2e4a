// What the package behind Temporal sees as `Intl` (../../sources/package.json names it; it becomes the file 90-temporal.js): our formatter of
// dates, which no program can replace there. `Intl.DateTimeFormat` itself stays our own, and takes no objects of Temporal; their methods
// `toLocaleString` do it.

const Own = globalThis.Intl.DateTimeFormat;

// The package asks for times by the calendar of ISO 8601, whose days have the same numbers.
function DateTimeFormat(locales, options) {
  const iso = options !== undefined && options !== null && options.calendar === "iso8601";
  return new Own(locales, iso ? { ...options, calendar: "gregory" } : options);
}
Reflect.defineProperty(DateTimeFormat, "prototype", { value: Own.prototype });
DateTimeFormat.supportedLocalesOf = Own.supportedLocalesOf;

internal.temporal = { __proto__: null, Intl: { DateTimeFormat } };
