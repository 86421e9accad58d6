"""Guards on the way of an approval: from the advice to the daemon."""

from __future__ import annotations

from tests.mutants.mutant import Mutant

_REQUESTS = "tests/web/control/test_requests.py"

MUTANTS = [
    Mutant(
        name="one thing alone is asked for as everything",
        file="s3syncd/cli/approve.py",
        old='"list": arguments.list, "only": arguments.only}',
        new='"list": arguments.list}',
        tests=[
            "tests/cli/test_orders.py::test_one_thing_is_approved_alone_and_told_what_else_waits"
        ],
    ),
    Mutant(
        name="a list is sent with the word for something else",
        file="s3syncd/cli/approve.py",
        old="    if arguments.list is not None and arguments.only not in {None, DELETIONS}:",
        new="    if False:",
        tests=["tests/cli/test_orders.py::test_a_list_is_of_deletions_and_of_nothing_else"],
    ),
    Mutant(
        name="an argument that the daemon does not know is left out, and all is approved",
        file="s3syncd/web/control.py",
        old="            if not isinstance(value, COMMANDS[name].get(key, type(None))):",
        new="            if not isinstance(value, COMMANDS[name].get(key, object)):",
        tests=[
            f"{_REQUESTS}::test_a_request_that_makes_no_sense_is_refused_and_reaches_nobody",
            "tests/cli/test_orders.py::test_a_daemon_that_does_not_know_the_word_approves_nothing",
        ],
    ),
    Mutant(
        name="drift is advised to be approved with everything else",
        file="s3syncd/site/problems.py",
        old="approve SITE --only drift`",
        new="approve SITE`",
        tests=[
            "tests/cli/test_advice.py::test_what_may_be_approved_alone_is_advised_alone",
            "tests/cli/test_advice.py::test_no_advice_approves_everything",
        ],
    ),
]
