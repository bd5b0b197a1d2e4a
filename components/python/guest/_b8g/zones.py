"""The zones of time: a context has no directory of them, so they are a part of the component.

Start at `prepare`. They come from the package tzdata, whose version is pinned in `requirements.txt`; absent is absent, and every zone
but UTC is then not found.
"""

import importlib.resources
import io
import zoneinfo
from zoneinfo import _common

_zones = {}


def prepare():
    """Takes the zones in; once, when the component is made."""
    try:
        root = importlib.resources.files("tzdata.zoneinfo")
        names = importlib.resources.files("tzdata").joinpath("zones").read_text().split()
    except ModuleNotFoundError:
        return
    for name in names:
        _zones[name] = root.joinpath(*name.split("/")).read_bytes()
    zoneinfo.reset_tzpath(to=())
    _common.load_tzdata = _load
    zoneinfo.available_timezones = _names


def _load(key):
    data = _zones.get(key)
    if data is None:
        raise zoneinfo.ZoneInfoNotFoundError(f"No time zone found with key {key}")
    return io.BytesIO(data)


def _names():
    """The keys of all zones."""
    return set(_zones)
