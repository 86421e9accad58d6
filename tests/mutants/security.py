"""Guards against stores, names and neighbours that mean harm."""

from __future__ import annotations

from tests.mutants.mutant import Mutant

__all__ = ["MUTANTS"]

HOSTILE = "tests/security/test_hostile_answers.py::"
LINES = "tests/security/test_log_lines.py::"

MUTANTS = [
    Mutant(
        name="a page of nothing but tags is parsed",
        file="s3syncd/s3/listing.py",
        old='    if body.count(b"<") > MAX_PAGE_TAGS:',
        new="    if len(body) < 0:",
        tests=[HOSTILE + "test_page_that_means_harm_is_refused"],
    ),
    Mutant(
        name="any number is a size",
        file="s3syncd/s3/listing.py",
        old="text.isascii() and text.isdigit() and len(text) <= MAX_SIZE_DIGITS",
        new="text.isdigit()",
        tests=[HOSTILE + "test_page_that_means_harm_is_refused"],
    ),
    Mutant(
        name="a line break within a key parts it in two",
        file="s3syncd/s3/listing.py",
        old='    if text.count("\\n") >= len(keys):',
        new="    if False:",
        tests=[HOSTILE + "test_key_with_a_control_character_is_one_key_and_not_two"],
    ),
    Mutant(
        name="a key may name anything",
        file="s3syncd/core/paths.py",
        old="return path if _is_plain(path) or not _UNMAPPABLE.search(path) else None",
        new="return path",
        tests=[HOSTILE + "test_key_that_names_nothing_below_the_root_is_nobodys"],
    ),
    Mutant(
        name="a document type is no reason to refuse a page",
        file="s3syncd/s3/listing.py",
        old="    if (has_marks and (b",
        new="    if (len(body) < 0 and (b",
        tests=[HOSTILE + "test_page_that_means_harm_is_refused"],
    ),
    Mutant(
        name="an answer nested deep is a crash",
        file="s3syncd/s3/client.py",
        old="(BotoCoreError, ClientError, ResponseParserError, RecursionError)",
        new="(BotoCoreError, ClientError, ResponseParserError)",
        tests=[HOSTILE + "test_error_that_means_harm_is_a_failure_in_few_words"],
    ),
    Mutant(
        name="megabytes of a store's words are shown",
        file="s3syncd/s3/contact.py",
        old="code=code[:_CODE_CHARACTERS]",
        new="code=code",
        tests=[HOSTILE + "test_error_that_means_harm_is_a_failure_in_few_words"],
    ),
    Mutant(
        name="an endless answer is kept whole",
        file="s3syncd/s3/exchange.py",
        old="        if self._kept_bytes <= MAX_KEPT_BYTES:",
        new="        if chunk:",
        tests=[HOSTILE + "test_answer_without_end_is_not_kept"],
    ),
    Mutant(
        name="any digits are a number",
        file="s3syncd/s3/reply.py",
        old=" and len(text) <= _MAX_DIGITS",
        new="",
        tests=[HOSTILE + "test_number_that_none_can_be_is_not_told"],
    ),
    Mutant(
        name="a directory swapped for a link is followed by what reads files",
        file="s3syncd/local/files.py",
        old="            below = os.open(name, PASS, dir_fd=opened)",
        new="            below = os.open(name, PASS & ~os.O_NOFOLLOW, dir_fd=opened)",
        tests=["tests/security/test_swaps.py"],
    ),
    Mutant(
        name="a session token that a store echoes is shown",
        file="s3syncd/s3/transport.py",
        old="        reply = self._without_token(reply)\n",
        new="",
        tests=["tests/security/test_secrets.py::test_token_that_is_echoed_is_hidden"],
    ),
    Mutant(
        name="a session token that a store echoes at first contact is shown",
        file="s3syncd/s3/contact.py",
        old="(hidden(each, secret) for each in",
        new="(str(each) for each in",
        tests=["tests/security/test_secrets.py::test_token_that_is_echoed_is_hidden"],
    ),
    Mutant(
        name="the lock may be a link to any file of ours",
        file="s3syncd/supervisor/lock.py",
        old="os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW",
        new="os.O_CREAT | os.O_CLOEXEC",
        tests=["tests/security/test_state.py::test_link_in_the_place_of_the_lock_is_not_followed"],
    ),
    Mutant(
        name="a log in JSON may drive the terminal that shows it",
        file="s3syncd/logs.py",
        old='    if line.isascii() and "\\x7f" not in line:',
        new="    if line:",
        tests=[LINES + "test_json_line_holds_nothing_that_a_terminal_obeys"],
    ),
    Mutant(
        name="a log on a console may turn the direction of writing",
        file="s3syncd/logs.py",
        old='rf"[\\x00-\\x08\\x0b-\\x1f{_UNSEEN}]"',
        new='r"[\\x00-\\x08\\x0b-\\x1f\\x7f-\\x9f]"',
        tests=[LINES + "test_console_line_holds_nothing_that_a_terminal_obeys"],
    ),
    Mutant(
        name="everybody may read the ledger",
        file="s3syncd/ledger/opening.py",
        old="os.O_CREAT | os.O_CLOEXEC, 0o600))",
        new="os.O_CREAT | os.O_CLOEXEC, 0o644))",
        tests=["tests/ledger/test_opening.py::test_a_new_ledger_is_fresh_and_private"],
    ),
    Mutant(
        name="everybody may enter the state directory",
        file="s3syncd/supervisor/lock.py",
        old="            state_dir.mkdir(parents=True, exist_ok=True, mode=0o700)\n",
        new="            state_dir.mkdir(parents=True, exist_ok=True)\n",
        tests=["tests/security/test_state.py::test_new_state_directory_is_for_its_owner_alone"],
    ),
]
