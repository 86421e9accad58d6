"""Guards of the configuration and of the log, switched off one by one."""

from __future__ import annotations

from tests.mutants.mutant import Mutant

_LOAD = "tests/config/test_load.py::"
_MISTAKES = "tests/config/test_mistakes.py::"
_OVERLAPS = "tests/config/test_overlaps.py::"
_VALUES = "tests/config/test_values.py::"
_DOCUMENT = "tests/config/test_document.py::"
_SECRETS = "tests/config/test_secrets.py::"
_LINES = "tests/logs/test_lines.py::"
_MASKING = "tests/logs/test_masking.py::"
_REPEATS = "tests/logs/test_repeats.py::"
_CANARY = _SECRETS + "test_a_secret_at_the_wrong_place_is_in_no_error"

_CGROUP = "tests/config/test_cgroup.py::"

MUTANTS = [
    Mutant(
        name="only the innermost control group counts",
        file="s3syncd/config/cgroup.py",
        old="            yield top.joinpath(*parts[:length])\n    yield top\n",
        new="            yield top.joinpath(*parts[:length])\n            return\n    yield top\n",
        tests=[_CGROUP + "test_limits_are_read"],
    ),
    Mutant(
        name="a container's limits lower what was written, too",
        file="s3syncd/config/load.py",
        old="config, _ = self._validation.checked(Config, given, _GLOBAL_KEYS, extra=values)\n",
        new="config, _ = self._validation.checked(Config, given, _GLOBAL_KEYS, extra=values)\n"
        "        config = config and config.model_copy(update=self._suited())\n",
        tests=[_CGROUP + "test_defaults_are_lowered_and_what_is_written_stays"],
    ),
    Mutant(
        name="pydantic shows the input it refuses",
        file="s3syncd/config/options.py",
        old="hide_input_in_errors=True",
        new="hide_input_in_errors=False",
        tests=[_SECRETS + "test_a_model_made_in_python_does_not_show_what_it_refuses"],
    ),
    Mutant(
        name="the message of PyYAML is not cut before its quotation",
        file="s3syncd/config/syntax.py",
        old="""said = re.split(r"['\\"#:]", problem, maxsplit=1)[0].strip()""",
        new="said = problem",
        tests=[
            "tests/config/test_document.py::test_what_nobody_foresaw_is_told_without_a_quotation"
        ],
    ),
    Mutant(
        name="PyYAML's snippet of the file is shown",
        file="s3syncd/config/document.py",
        old="            fault = fault_of(text, _complaint(error))\n",
        new='            fault = Fault(1, 1, str(error), "")\n',
        tests=[_CANARY],
    ),
    Mutant(
        name="a key is shown whatever it looks like",
        file="s3syncd/config/problems.py",
        old='return key if len(key) <= 30 and _SHOWABLE.fullmatch(key) else "(unknown key)"',
        new="return key",
        tests=[_CANARY],
    ),
    Mutant(
        name="pydantic's own message is passed on",
        file="s3syncd/config/validate.py",
        old="            error = _in_our_words(found)",
        new='            error = UnusableError(found["msg"], str(found.get("ctx")))',
        tests=[_MISTAKES + "test_a_mistake_is_named_with_line_and_key_and_what_to_write"],
    ),
    Mutant(
        name="the message of re, which quotes the pattern, is passed on",
        file="s3syncd/config/parse.py",
        old='problem = "is not a regular expression" + at',
        new='problem = "is not a regular expression" + at + str(error)',
        tests=[_CANARY + "[{key}: ['(?P={c})']]"],
    ),
    Mutant(
        name="the path of a secret is shown",
        file="s3syncd/config/references.py",
        old='problem = f"the file cannot be read: {reason}"',
        new='problem = f"the file cannot be read: {error}"',
        tests=[_CANARY + "[{key}: file:{c}]"],
    ),
    Mutant(
        name="the description shows secrets",
        file="s3syncd/config/describe.py",
        old="return MASK",
        new="return value.get_secret_value()",
        tests=[_SECRETS + "test_a_secret_at_its_place_is_in_no_repr_and_in_no_description"],
    ),
    Mutant(
        name="nodes show their value",
        file="s3syncd/config/document.py",
        old="text: str = field(repr=False)",
        new="text: str = field(repr=True)",
        tests=[_DOCUMENT + "test_nodes_know_the_line_of_their_key_and_show_no_value"],
    ),
    Mutant(
        name="a readable file with secrets is taken",
        file="s3syncd/config/references.py",
        old="return bool(mode & stat.S_IROTH)",
        new="return False",
        tests=[_SECRETS + "test_a_file_with_secrets_that_everybody_may_read_is_refused"],
    ),
    Mutant(
        name="user and password in an endpoint are taken",
        file="s3syncd/config/places.py",
        old='if "@" in url.netloc:',
        new="if False:",
        tests=[_MISTAKES + "test_a_mistake_is_named_with_line_and_key_and_what_to_write"],
    ),
    Mutant(
        name="the last of two equal keys wins",
        file="s3syncd/config/document.py",
        old="if key in own:",
        new="if False:",
        tests=[_DOCUMENT + "test_what_is_ambiguous_or_broken_is_named_with_its_line"],
    ),
    Mutant(
        name="a prefix does not end in a slash",
        file="s3syncd/config/places.py",
        old='result = "/".join(segments) + "/"',
        new='result = "/".join(segments)',
        tests=[_VALUES + "test_a_prefix_ends_in_a_slash_and_never_starts_with_one"],
    ),
    Mutant(
        name="two sites keep the same prefix",
        file="s3syncd/config/checks.py",
        old="twin = targets.setdefault(target, site)",
        new="twin = site",
        tests=[_OVERLAPS + "test_two_sites_never_keep_the_same_prefix"],
    ),
    Mutant(
        name="an inner prefix is visible to the outer site",
        file="s3syncd/config/checks.py",
        old="and inner.prefix.startswith(outer.prefix)",
        new="and False",
        tests=[_OVERLAPS + "test_a_prefix_within_another_is_invisible_to_the_outer_site"],
    ),
    Mutant(
        name="the state may be inside a site",
        file="s3syncd/config/checks.py",
        old="if not state_dir.is_relative_to(site.config.root):",
        new="if True:",
        tests=[_OVERLAPS + "test_the_state_is_never_inside_a_site"],
    ),
    Mutant(
        name="a link hides that the state is inside a site",
        file="s3syncd/config/state.py",
        old="return Path(os.path.realpath(found))",
        new="return found",
        tests=[_OVERLAPS + "test_a_link_does_not_hide_that_the_state_is_inside_a_site"],
    ),
    Mutant(
        name="the log may be inside a site",
        file="s3syncd/config/checks.py",
        old="if _is_synced(log_file, site.config):",
        new="if False:",
        tests=[_OVERLAPS + "test_a_log_inside_a_site_would_never_end"],
    ),
    Mutant(
        name="a site with credentials of its own inherits the global ones",
        file="s3syncd/config/layout.py",
        old="if any(key in site for key in CREDENTIALS):",
        new="if False:",
        tests=[_LOAD + "test_a_site_with_credentials_of_its_own_inherits_none"],
    ),
    Mutant(
        name="a mode this version does not have is taken",
        file="s3syncd/config/kinds.py",
        old='if value in ("download", "two-way"):',
        new="if False:",
        tests=[_MISTAKES + "test_a_mistake_is_named_with_line_and_key_and_what_to_write"],
    ),
    Mutant(
        name="each path of a flood has its line in the log",
        file="s3syncd/core/logline.py",
        old="        return flood.count > FLOOD_LINES\n",
        new="        return False\n",
        tests=[_REPEATS + "test_of_a_flood_about_paths_the_first_are_told_and_the_others_counted"],
    ),
    Mutant(
        name="the log does not mask known secrets",
        file="s3syncd/core/logline.py",
        old="text = self._secrets.sub(MASK, text)",
        new="pass",
        tests=[_MASKING + "test_a_known_secret_is_masked_wherever_it_turns_up"],
    ),
    Mutant(
        name="the log does not mask signatures",
        file="s3syncd/core/logline.py",
        old='text = _SIGNED.sub(rf"\\1{MASK}", text)',
        new="pass",
        tests=[_MASKING + "test_what_is_known_to_be_secret_is_masked_unasked"],
    ),
    Mutant(
        name="the log repeats itself",
        file="s3syncd/core/logline.py",
        old="if count >= 0 and now - since < FOLD_SECONDS:",
        new="if False:",
        tests=[_REPEATS + "test_a_repeat_is_counted_and_the_count_is_written"],
    ),
    Mutant(
        name="the log leaves out a change of state",
        file="s3syncd/core/logline.py",
        old='if "was" in event:',
        new="if False:",
        tests=[_REPEATS + "test_a_change_of_state_is_never_taken_for_a_repeat"],
    ),
    Mutant(
        name="the memory of repeats grows",
        file="s3syncd/core/logline.py",
        old="if now - since < FOLD_SECONDS and len(self._seen) < MAX_FOLDED:",
        new="if now - since < FOLD_SECONDS:",
        tests=[_REPEATS + "test_the_memory_of_repeats_is_bounded"],
    ),
    Mutant(
        name="a log that cannot be written stops the work",
        file="s3syncd/logs.py",
        old="except (OSError, ValueError):",
        new="except ZeroDivisionError:",
        tests=[_LINES + "test_a_log_that_cannot_be_written_stops_nothing"],
    ),
    Mutant(
        name="a file name moves the operator's cursor",
        file="s3syncd/logs.py",
        old="plain = {key: _printable(value) for key, value in plain.items()}",
        new="pass",
        tests=[_MASKING + "test_a_file_name_can_neither_break_a_line_nor_move_the_cursor"],
    ),
]
