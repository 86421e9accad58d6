"""The shares of a profile."""

from __future__ import annotations

from bench.profile import shares


def test_samples_are_counted_by_kind_of_thread_and_library() -> None:
    python = ["python   7f01 (/usr/lib/libpython3.11.so.1.0)"] * 150
    kernel = ["s3syncd  ffff81 ([kernel.kallsyms])"] * 30
    network = ["AwsEventLoop 1 7f02 (/site-packages/_awscrt.abi3.so)"] * 19
    rare = ["python   7f03 (/usr/lib/libz.so.1)"]
    table = shares([*python, "", *kernel, *network, *rare])
    assert [line[:3] for line in table.lines] == [
        ["Python", "libpython3.11.so.1.0", "75.0%"],
        ["Python", "kernel", "15.0%"],
        ["network and callbacks", "_awscrt.abi3.so", "9.5%"],
    ]
