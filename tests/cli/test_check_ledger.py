"""`check` of ledgers: renamed, newer, in use; none is changed by it."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path

from s3syncd.cli.daemon_probes import probe_daemon, probe_ledger
from s3syncd.config.load import load
from s3syncd.config.state import site_folder
from s3syncd.core.finding import Verdict
from s3syncd.ledger import Ledger, glance
from s3syncd.supervisor.build import ledger_identity
from tests.cli.daemon import write_config
from tests.cli.places import snapshot


def test_the_ledger_of_a_renamed_site_is_told_with_the_command_that_keeps_it(
    tmp_path: Path,
) -> None:
    config = load(write_config(tmp_path))
    photos = config.sites[0]
    old, new = (config.state_dir / site_folder(name) for name in ("pictures", "photos"))
    Ledger.open(old / "ledger.sqlite", identity=ledger_identity(photos)).close()
    Ledger.open(config.state_dir / "gone-1" / "ledger.sqlite", identity="x").close()
    Ledger.open(config.state_dir / "a.reset" / "ledger.sqlite", identity="x").close()
    before = snapshot(config.state_dir)
    gone, renamed = [each for each in probe_daemon(config) if each.probe == "ledger"]
    assert gone.remedy == f"if its site does not come back: rm -r {config.state_dir}/gone-1"
    assert "it speaks of what photos keeps: was that site renamed?" in renamed.text
    assert renamed.remedy == f"while no daemon runs: mv {old} {new}"
    assert snapshot(config.state_dir) == before
    old.rename(new)
    assert probe_ledger(config, photos) is None
    assert Ledger.open(new / "ledger.sqlite", identity=ledger_identity(photos)).was_fresh is False


def test_a_renamed_site_that_has_begun_anew_is_not_given_its_old_ledger(tmp_path: Path) -> None:
    config = load(write_config(tmp_path))
    for name in ("pictures", "photos"):
        path = config.state_dir / site_folder(name) / "ledger.sqlite"
        Ledger.open(path, identity=ledger_identity(config.sites[0])).close()
    (found,) = [each for each in probe_daemon(config) if each.probe == "ledger"]
    assert found.remedy.startswith("photos has a ledger of its own by now: rm -r ")


def test_the_ledger_of_a_newer_version_is_told_and_left_alone(tmp_path: Path) -> None:
    config = load(write_config(tmp_path))
    path = config.state_dir / site_folder("photos") / "ledger.sqlite"
    Ledger.open(path, identity="x").close()
    assert probe_ledger(config, config.sites[0]) is None
    with closing(sqlite3.connect(path)) as db:
        db.execute("PRAGMA user_version = 99")
    before = snapshot(config.state_dir)
    found = probe_ledger(config, config.sites[0])
    assert found is not None
    assert (found.verdict, found.probe) == (Verdict.FAILED, "ledger")
    assert "newer version" in found.text
    assert snapshot(config.state_dir) == before


def test_a_ledger_in_use_and_a_damaged_one_are_no_finding(tmp_path: Path) -> None:
    config = load(write_config(tmp_path))
    path = config.state_dir / site_folder("photos") / "ledger.sqlite"
    running = Ledger.open(path, identity="x")
    running.set_meta("paused", "1")
    running.commit()
    seen = glance(path)
    assert seen is not None
    assert (seen.is_paused, seen.identity) == (True, "x")
    running.close()
    path.write_bytes(b"no database" * 1000)
    assert glance(path) is None
    assert probe_ledger(config, config.sites[0]) is None
