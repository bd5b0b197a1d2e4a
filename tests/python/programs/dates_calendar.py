"""Dates, durations, zones and formats."""
import calendar
from datetime import date, datetime, time, timedelta, timezone

start = datetime(2024, 2, 28, 22, 30)
for hours in (1, 2, 24, 48):
    print(start + timedelta(hours=hours))
print((date(2026, 12, 25) - date(2026, 3, 1)).days, date(2026, 1, 1).isocalendar()[:], date.fromordinal(738000))
berlin = timezone(timedelta(hours=1), "CET")
moment = datetime(2026, 3, 29, 0, 59, 59, 123456, tzinfo=timezone.utc)
print(moment.astimezone(berlin).isoformat(), moment.timestamp(), moment.astimezone(berlin).tzname())
print(datetime.strptime("7 Mar 2025 4:05 PM", "%d %b %Y %I:%M %p"), moment.strftime("%A %d %B %Y %H:%M:%S.%f %z %j"))
print(datetime.fromisoformat("2026-05-06T07:08:09+02:00").utcoffset(), time(13, 5).strftime("%I:%M %p"))
print(timedelta(days=1, seconds=3661), timedelta(hours=-1), timedelta(weeks=2) / timedelta(days=1))
print(calendar.month(2026, 2))
print(calendar.monthrange(2024, 2)[1], calendar.isleap(1900), [d for d in calendar.Calendar().itermonthdates(2026, 2)][0])
for bad in ("2026-02-30", "yesterday"):
    try:
        date.fromisoformat(bad)
    except ValueError as error:
        print(type(error).__name__)
try:
    print(datetime.now() - datetime.now(timezone.utc))
except TypeError as error:
    print(error)
print(datetime.now(timezone.utc).year >= 2025, abs((datetime.now() - datetime.fromtimestamp(__import__("time").time())).total_seconds()) < 5)
