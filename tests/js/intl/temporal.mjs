// Temporal, over the time zones and formats of Intl.
const { PlainDate, PlainDateTime, PlainTime, ZonedDateTime, Instant, Duration, PlainYearMonth } = Temporal;
console.log(String(PlainDate.from("2024-02-29").add({ years: 1 })), PlainDate.from("2024-01-31").until("2024-03-01", { largestUnit: "month" }).toString());
const zoned = ZonedDateTime.from("2024-03-10T01:30:00-05:00[America/New_York]");
console.log(String(zoned.add({ hours: 1 })), zoned.hoursInDay, zoned.offset);
console.log(String(Instant.fromEpochMilliseconds(1720000000123).toZonedDateTimeISO("Asia/Kolkata")));
console.log(String(PlainDateTime.from("2024-10-27T02:30").toZonedDateTime("Europe/Berlin", { disambiguation: "later" })));
console.log(String(Duration.from({ hours: 36, minutes: 90 }).round({ largestUnit: "day" })), PlainTime.from("23:59:59.5").round("second").toString());
console.log(PlainDate.from("2024-07-03").toLocaleString("de", { dateStyle: "full" }), "|", zoned.toLocaleString("en-US", { timeZoneName: "short" }), "|", PlainYearMonth.from({ year: 2024, month: 7, calendar: "gregory" }).toLocaleString("fr"));
console.log(Temporal.Now.timeZoneId(), Temporal.Now.instant() instanceof Instant, new Date(0).toTemporalInstant().toString());
for (const wrong of [() => PlainDate.from("2024-13-01"), () => Instant.from("x"), () => ZonedDateTime.from("2024-01-01T00:00[Mars/Phobos]"), () => PlainDate.from("2024-01-01") < 1]) {
  try { console.log(wrong()); } catch (error) { console.log(error.name); }
}
