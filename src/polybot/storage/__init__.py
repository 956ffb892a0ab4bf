"""Durable state on SQL: tables, migrations, and the Store, Queries and Commands ports on them."""
