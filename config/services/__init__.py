"""The embedded servers: PostgreSQL 18 and Valkey 9 from wheels, their data under var/.

They are what Reglament runs on where DATABASE_URL and REDIS_URL name no servers, and what
the tests run on. Nothing here imports Django: settings.py asks this package for addresses.
"""

from config.services.manager import Services, ServicesError
from config.services.state import Addresses, State

__all__ = ["Addresses", "Services", "ServicesError", "State"]
