#!/usr/bin/env python3
"""A muster plug-in: the bots of Shiftplan, a made-up service, from its export.

Shiftplan lets its administrators download a CSV file of all bot accounts and
their API keys. This program lists them. It uses the standard library only.

    shiftplan.py info    prints what it is
    shiftplan.py scan    reads {"export": "FILE", "tenant": "NAME"} on standard
                         input and prints one record a line
"""

import csv
import datetime
import json
import sys

NAME = "shiftplan"
KINDS = ["identity", "credential", "grant", "usage", "owner"]
LEVELS = {"Administrator": "admin", "Planner": "write", "Viewer": "read"}


def info():
    print(json.dumps({
        "protocol": 1,
        "name": NAME,
        "title": "Shiftplan bots, from the CSV export",
        "kinds": KINDS,
        "permissions": ["Administration > Bots > Export (read only)"],
        "network": False,
    }))


class Scan:
    """One scan: it prints records and counts them, for the coverage."""

    def __init__(self, tenant):
        self.tenant = tenant
        self.counts = dict.fromkeys(KINDS, 0)
        self.problems = []

    def emit(self, kind, **fields):
        fields["scope"] = self.tenant
        print(json.dumps({kind: {k: v for k, v in fields.items() if v not in (None, "")}}))
        self.counts[kind] += 1

    def row(self, row):
        bot = f"{NAME}:{self.tenant}/bot/{row['id']}"
        times = {k: utc(row[k]) for k in ("created", "last_login", "key_created", "key_expires")}
        self.emit("identity", id=bot, type="shiftplan.bot", name=row["name"], created_at=times["created"],
                  disabled=row["status"] == "suspended")
        # An empty role is a bot that has none. A role that is not in LEVELS is unknown.
        if row["role"]:
            self.emit("grant", id=f"{bot}/role", principal=bot, name=row["role"], resource="*",
                      level=LEVELS.get(row["role"], "unknown"))
        # Shiftplan has recorded sign-ins since 2024: no date means none since then.
        self.emit("usage", subject=bot, last_used_at=times["last_login"], tracked_since="2024-01-01T00:00:00Z",
                  source="Shiftplan export")
        if row["owner"]:
            self.emit("owner", subject=bot, owner=row["owner"], method="app_owner", confidence="high")
        if row["key_id"]:
            key = {"expires_at": times["key_expires"]} if row["key_expires"] else {"never_expires": True}
            self.emit("credential", id=f"{NAME}:{self.tenant}/key/{row['key_id']}", type="shiftplan.api_key",
                      identity=bot, public_id=row["key_id"], created_at=times["key_created"], **key)

    def finish(self):
        """One coverage for each kind: unknown is not zero, so say what was not seen."""
        for kind in KINDS:
            coverage = {"scanner": NAME, "scope": self.tenant, "kind": kind, "status": "complete",
                        "count": self.counts[kind]}
            if self.problems:
                coverage.update(status="partial", reason="; ".join(self.problems[:5]))
            print(json.dumps({"coverage": coverage}))


def utc(date):
    """A date of the export, such as 2025-03-31, as RFC 3339 in UTC; None if there is none."""
    if not date:
        return None
    return datetime.date.fromisoformat(date).isoformat() + "T00:00:00Z"


def scan():
    config = json.load(sys.stdin)
    result = Scan(config["tenant"])
    try:
        with open(config["export"], encoding="utf-8", newline="") as file:
            for line, row in enumerate(csv.DictReader(file), start=2):
                try:
                    result.row(row)
                except (KeyError, ValueError) as error:
                    # The message could hold anything that stands in the file.
                    result.problems.append(f"line {line} of the export was not understood ({type(error).__name__})")
    except OSError as error:
        result.problems.append(f"the export could not be read: {error.strerror}")
    result.finish()


if __name__ == "__main__":
    commands = {"info": info, "scan": scan}
    if len(sys.argv) != 2 or sys.argv[1] not in commands:
        print(__doc__, file=sys.stderr)
        sys.exit(2)
    commands[sys.argv[1]]()
