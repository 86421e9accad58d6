"""Mutants of the way to a store: addresses, proxies, links and trust."""

from __future__ import annotations

from tests.mutants.mutant import Mutant

__all__ = ["MUTANTS"]

ADDRESSES = "s3syncd/s3/addresses.py"
LINK = "s3syncd/s3/link.py"
TRUST = "s3syncd/s3/trust.py"
IN_ADDRESSES = "tests/s3/direct/test_addresses.py::test_"
IN_ANSWERS = "tests/s3/direct/test_answers.py::test_"
IN_TAKEN = "tests/s3/direct/test_taken.py::test_"
IN_TLS = "tests/s3/direct/test_tls.py::test_"

MUTANTS = [
    Mutant(
        name="an address that failed is avoided for ever",
        file=ADDRESSES,
        old="        return now < self._avoided_until.get(address, now)",
        new="        return address in self._avoided_until",
        tests=[IN_ADDRESSES + "after_a_while_one_request_tries_an_address_again_and_others_do_not"],
    ),
    Mutant(
        name="every request tries an address again whose time is over",
        file=ADDRESSES,
        old="            self._avoided_until[ordered[0]] = now + _PROBE_SECONDS",
        new="            pass",
        tests=[IN_ADDRESSES + "after_a_while_one_request_tries_an_address_again_and_others_do_not"],
    ),
    Mutant(
        name="what failed is kept for every address that a name ever had",
        file=ADDRESSES,
        old="            self._avoided_until.pop(gone, None)\n",
        new="            pass\n",
        tests=[IN_ADDRESSES + "an_address_that_the_name_has_no_longer_is_forgotten"],
    ),
    Mutant(
        name="a route that is lost after sending counts as one that never was",
        file=LINK,
        old="    if has_sent:\n",
        new="    if False:\n",
        tests=[IN_ANSWERS + "a_network_that_is_lost_after_sending_leaves_the_effect_in_doubt"],
    ),
    Mutant(
        name="a connection is open because something happened",
        file=LINK,
        old="still connecting\n        return False",
        new="still connecting\n        return True",
        tests=[IN_ADDRESSES + "what_happens_in_vain_does_not_open_a_connection"],
    ),
    Mutant(
        name="a proxy in the environment is passed by",
        file="s3syncd/s3/proxies.py",
        old="(text and name.lower() in _NAMES for",
        new="(not text and name.lower() in _NAMES for",
        tests=[IN_TAKEN + "behind_a_proxy_nothing_is_sent_or_looked_up_here"],
    ),
    Mutant(
        name="any certificate is good",
        file=TRUST,
        old="    if not verify_tls:\n",
        new="    if True:\n",
        tests=[
            IN_TLS + "only_an_unverified_self_signed_certificate_is_taken",
            IN_TLS + "a_certificate_for_another_host_is_not_taken",
        ],
    ),
    Mutant(
        name="the file of authorities is needed where nothing is verified",
        file=TRUST,
        old="cafile=ca_file if verify_tls else None",
        new="cafile=ca_file",
        tests=[IN_TLS + "only_an_unverified_self_signed_certificate_is_taken"],
    ),
]
