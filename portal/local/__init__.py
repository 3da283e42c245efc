"""The whole portal on one machine: `make run`, `make manage` and the servers under `make test`.

Plain Python without Django: it supplies the environment that the settings ask for, starts a private PostgreSQL and
Valkey out of the installed wheels, then the portal's processes, and keeps them running until it is told to stop.
"""
