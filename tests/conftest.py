"""The library's own tests use its pytest plugin as any user does."""

from __future__ import annotations

from importlib import metadata

from hypothesis import HealthCheck, settings

# Where the package is installed its entry point has registered the plugin already.
_INSTALLED = any(point.name == "glue_etl" for point in metadata.entry_points(group="pytest11"))
pytest_plugins = [] if _INSTALLED else ["glue_etl.testing.plugin"]

# How long an example takes tells of the machine that runs the tests, and of what else it does.
settings.register_profile("glue_etl", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("glue_etl")
