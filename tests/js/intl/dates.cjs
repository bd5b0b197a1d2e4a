// Dates, time zones and ranges in many languages.
const times = [0, 1720000000123, 1705000000000, 1735689599999, -1e13, 1706961600000];
const styles = ["full", "long", "medium", "short"];
const options = [
  {}, ...styles.map((dateStyle) => ({ dateStyle })), ...styles.map((timeStyle) => ({ timeStyle })), { dateStyle: "long", timeStyle: "short" }, { dateStyle: "short", timeStyle: "medium", hourCycle: "h23" }, { year: "numeric" }, { month: "long" }, { month: "short" },
  { weekday: "long" }, { weekday: "short" }, { hour: "numeric" }, { minute: "2-digit" }, { year: "numeric", month: "2-digit" }, { year: "numeric", month: "short", day: "numeric" }, { year: "numeric", month: "long", day: "numeric", weekday: "long" },
  { year: "2-digit", month: "2-digit", day: "2-digit" }, { month: "numeric", day: "numeric" }, { weekday: "short", month: "short", day: "numeric" }, { hour: "numeric", minute: "2-digit" }, { hour: "numeric", minute: "2-digit", second: "2-digit" },
  { hour: "numeric", hourCycle: "h24", minute: "numeric" }, { minute: "numeric", second: "numeric", fractionalSecondDigits: 3 }, { year: "numeric", month: "numeric", day: "numeric", hour: "numeric", minute: "numeric" }, { era: "short" }, { era: "long", year: "numeric" },
  { dayPeriod: "short" }, { hour: "numeric", dayPeriod: "long" }, ...["short", "long", "shortOffset", "longOffset"].map((timeZoneName) => ({ hour: "numeric", timeZoneName })), { numberingSystem: "arab" },
];
const zones = ["UTC", "America/New_York", "Europe/Berlin", "Asia/Kolkata", "Australia/Lord_Howe"];
let turn = 0;
for (const locale of ["en", "de", "fr", "es", "ja", "ar", "hi", "en-GB", "ko"]) {
  for (const option of options) {
    const timeZone = zones[turn++ % zones.length];
    const format = new Intl.DateTimeFormat(locale, { ...option, timeZone });
    console.log(locale, timeZone, JSON.stringify(option), times.map(format.format).join(" | "));
    if (locale === "en") console.log(JSON.stringify(format.resolvedOptions()));
    if (locale === "de") console.log(JSON.stringify(format.formatToParts(times[1])));
  }
  for (const option of [{ dateStyle: "long" }, { hour: "numeric", minute: "numeric" }]) {
    for (const end of [0, 3600e3, 50 * 3600e3, 40 * 86400e3, 400 * 86400e3]) console.log(locale, new Intl.DateTimeFormat(locale, option).formatRange(0, end));
  }
}
for (const zone of ["europe/berlin", "utc", "GMT", "Asia/Kolkata", "US/Eastern", "Etc/GMT+5"]) console.log(zone, new Intl.DateTimeFormat("en", { timeZone: zone }).resolvedOptions().timeZone);
for (const wrong of ["+05:30", "x", "Mars/Phobos"]) try { new Intl.DateTimeFormat("en", { timeZone: wrong }); } catch (error) { console.log(`${error}`); }
