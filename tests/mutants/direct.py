"""Mutants of the connections of our own."""

from __future__ import annotations

from tests.mutants.mutant import Mutant

ADDRESSES = "s3syncd/s3/addresses.py"
CONNECTION = "s3syncd/s3/connection.py"
DIRECT = "s3syncd/s3/direct.py"
HTTP1 = "s3syncd/s3/http1.py"
LINK = "s3syncd/s3/link.py"
OUTGOING = "s3syncd/s3/outgoing.py"
SIGNING = "s3syncd/s3/signing.py"
TRUST = "s3syncd/s3/trust.py"
IN_ADDRESSES = "tests/s3/direct/test_addresses.py::test_"
IN_ANSWERS = "tests/s3/direct/test_answers.py::test_"
IN_CANCEL = "tests/s3/direct/test_cancel.py::test_"
IN_PEEKS = "tests/s3/direct/test_peeks.py::test_"
IN_LENT = "tests/s3/direct/test_lent.py::test_"
IN_REUSE = "tests/s3/direct/test_reuse.py::test_"
IN_TLS = "tests/s3/direct/test_tls.py::test_"
IN_HTTP1 = "tests/s3/test_http1.py::test_"
IN_SIGNING = "tests/s3/test_signing.py::test_"

MUTANTS = [
    Mutant(
        name="an address that is silent is not remembered",
        file=CONNECTION,
        old="            if error is not None:\n                self._route.failed(self._tried)\n",
        new="",
        tests=[IN_ADDRESSES + "an_address_that_failed_is_tried_last_for_a_while"],
    ),
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
        name="an address that is well again is still avoided",
        file=CONNECTION,
        old="            self._route.reached(self._tried)\n",
        new="",
        tests=[IN_ADDRESSES + "an_address_that_is_well_again_has_its_turns_again"],
    ),
    Mutant(
        name="what failed is kept for every address that a name ever had",
        file=ADDRESSES,
        old="            self._avoided_until.pop(gone, None)\n",
        new="            pass\n",
        tests=[IN_ADDRESSES + "an_address_that_the_name_has_no_longer_is_forgotten"],
    ),
    Mutant(
        name="a connection is kept although the store says that it closes it",
        file=HTTP1,
        old="        self.keeps_alive = is_left_open\n",
        new="        self.keeps_alive = True\n",
        tests=[IN_HTTP1 + "an_answer_is_the_same_however_it_is_split"],
    ),
    Mutant(
        name="a connection is kept although more came than the answer",
        file=HTTP1,
        old="        if rest:  #",
        new="        if False:  #",
        tests=[IN_HTTP1 + "what_follows_an_answer_ends_the_connection"],
    ),
    Mutant(
        name="an answer with two lengths is read by the first",
        file=HTTP1,
        old="!= value and name in _FRAMING:",
        new="!= value and False:",
        tests=[IN_HTTP1 + "what_no_store_means_is_broken"],
    ),
    Mutant(
        name="interim answers are read for ever",
        file=HTTP1,
        old="            self._head_bytes += len(head) + len(_END)\n",
        new="",
        tests=[IN_HTTP1 + "interim_answers_count_as_one_head"],
    ),
    Mutant(
        name="a body of any size is kept",
        file=HTTP1,
        old="        if len(raw) > self._most_bytes:",
        new="        if False:",
        tests=[IN_HTTP1 + "what_does_not_end_is_given_up_with_little_in_memory"],
    ),
    Mutant(
        name="what Python takes for a number is the size of a chunk",
        file=HTTP1,
        old="if not _IS_SIZE(text) or ",
        new="if ",
        tests=[IN_HTTP1 + "what_no_store_means_is_broken"],
    ),
    Mutant(
        name="a chunk may be longer than it says",
        file=HTTP1,
        old="            if raw[end : end + 2] != _LINE_END:",
        new="            if False:",
        tests=[IN_HTTP1 + "what_no_store_means_is_broken"],
    ),
    Mutant(
        name="any three letters are a status",
        file=HTTP1,
        old=" or not _IS_STATUS(rest):",
        new=" or not rest:",
        tests=[IN_HTTP1 + "what_no_store_means_is_broken"],
    ),
    Mutant(
        name="an idle connection is used after data came on it",
        file=CONNECTION,
        old="            if self._on_end is None:  # nobody asked\n                self._close()\n",
        new="            if self._on_end is None:  # nobody asked\n",
        tests=[IN_REUSE + "an_idle_connection_that_is_no_more_is_not_used"],
    ),
    Mutant(
        name="what was sent in part counts as not sent",
        file=CONNECTION,
        old="is_unsent=not self._has_sent",
        new="is_unsent=True",
        tests=[IN_ANSWERS + "an_end_before_the_whole_answer_leaves_the_effect_in_doubt"],
    ),
    Mutant(
        name="a route that is lost after sending counts as one that never was",
        file=LINK,
        old="    if has_sent:\n",
        new="    if False:\n",
        tests=[IN_ANSWERS + "a_network_that_is_lost_after_sending_leaves_the_effect_in_doubt"],
    ),
    Mutant(
        name="what was never sent leaves the effect in doubt",
        file=CONNECTION,
        old="is_unsent=not self._has_sent",
        new="is_unsent=False",
        tests=[IN_CANCEL + "a_cancel_tells_once_and_lets_go_in_every_state"],
    ),
    Mutant(
        name="half an answer at the end of the connection is one",
        file=CONNECTION,
        old="if self._on_end is not None and self._answer.end():",
        new="if self._on_end is not None:",
        tests=[IN_ANSWERS + "an_end_before_the_whole_answer_leaves_the_effect_in_doubt"],
    ),
    Mutant(
        name="whoever asked is told twice",
        file=CONNECTION,
        old="        on_end, self._on_end = self._on_end, None\n",
        new="        on_end = self._on_end\n",
        tests=[IN_CANCEL + "a_cancel_tells_once_and_lets_go_in_every_state"],
    ),
    Mutant(
        name="a connection is kept in the middle of a request that was answered early",
        file=CONNECTION,
        old="        if self._unsent or not self._answer.keeps_alive:",
        new="        if not self._answer.keeps_alive:",
        tests=[IN_ANSWERS + "an_answer_before_the_body_was_read_counts_and_ends_the_connection"],
    ),
    Mutant(
        name="a store has kept what was not sent to it",
        file=CONNECTION,
        old="        if self._unsent and self._answer.status < 300:",
        new="        if False:",
        tests=[IN_ANSWERS + "a_success_before_the_body_was_sent_is_none"],
    ),
    Mutant(
        name="a late cancel hits the next request on the connection",
        file=CONNECTION,
        old="        if on_end is not None and on_end is not self._on_end:",
        new="        if False:",
        tests=[IN_CANCEL + "a_late_cancel_spares_the_next_request_on_the_connection"],
    ),
    Mutant(
        name="an answer is lost when the store reads no more",
        file=CONNECTION,
        old="                if not self._has_answer(link):\n",
        new="                if True:\n",
        tests=[IN_ANSWERS + "an_answer_is_read_though_the_store_reads_no_more"],
    ),
    Mutant(
        name="what there was no room for is left out",
        file=OUTGOING,
        old="            self._pieces[0] = rest[count:]\n",
        new="            del self._pieces[0]\n",
        tests=[IN_ANSWERS + "a_body_larger_than_any_buffer_arrives_whole"],
    ),
    Mutant(
        name="lent memory is given back before the kernel has it",
        file=OUTGOING,
        old="        if not self._pieces and self._lent is not None:",
        new="        if self._lent is not None:",
        tests=[IN_LENT + "lent_memory_is_given_back_once_when_the_kernel_has_it"],
    ),
    Mutant(
        name="lent memory is never given back",
        file=OUTGOING,
        old="            self._lent.finish()",
        new="            pass",
        tests=[IN_LENT + "lent_memory_is_given_back_once_when_the_kernel_has_it"],
    ),
    Mutant(
        name="lent memory is given back although a view of it is left",
        file=OUTGOING,
        old="        del self._pieces[0], rest ",
        new="        del self._pieces[0] ",
        tests=[IN_LENT + "lent_memory_is_held_by_nobody_when_it_is_given_back"],
    ),
    Mutant(
        name="lent memory is given back by a request that ended in the middle",
        file=CONNECTION,
        old="        self._unsent = None\n        return None",
        new="        self._unsent and self._unsent._lent.finish()\n        return None",
        tests=[IN_LENT + "a_part_that_ends_in_the_middle_holds_nothing_and_gives_nothing_back"],
    ),
    Mutant(
        name="a whole body is one piece",
        file=OUTGOING,
        old="        count = link.send(rest[:_PIECE_BYTES])",
        new="        count = link.send(rest)",
        tests=[IN_LENT + "no_piece_is_so_large_that_a_slow_line_seems_to_stand_still"],
    ),
    Mutant(
        name="a fast line keeps its thread to the end of the body",
        file=CONNECTION,
        old="        while unsent and left > 0:",
        new="        while unsent:",
        tests=[IN_LENT + "a_line_that_takes_everything_leaves_others_their_turn"],
    ),
    Mutant(
        name="after its turn a line waits for nothing",
        file=CONNECTION,
        old="        self._wait(link, is_for_room=bool(unsent))",
        new="        self._wait(link, is_for_room=bool(unsent) and left > 0)",
        tests=[IN_LENT + "a_line_that_takes_everything_leaves_others_their_turn"],
    ),
    Mutant(
        name="parts go by the CRT",
        file=DIRECT,
        old='    "UploadPart": MAX_BODY_BYTES,\n',
        new="",
        tests=[IN_CANCEL + "what_may_be_long_or_hide_an_error_is_not_taken"],
    ),
    Mutant(
        name="an idle connection that is gone fails the request",
        file=CONNECTION,
        old="                    if not self._has_sent:  # the store closed it while it was idle",
        new="                    if False:",
        tests=[IN_REUSE + "a_reset_that_nobody_was_told_of_costs_no_request"],
    ),
    Mutant(
        name="a poller that is full loses the request",
        file=CONNECTION,
        old="            except (OSError, ValueError) as refused:",
        new="            except UnicodeError as refused:",
        tests=[IN_ADDRESSES + "a_poller_that_watches_no_more_fails_the_request_and_leaks_nothing"],
    ),
    Mutant(
        name="a connection is open because something happened",
        file=LINK,
        old="still connecting\n        return False",
        new="still connecting\n        return True",
        tests=[IN_ADDRESSES + "what_happens_in_vain_does_not_open_a_connection"],
    ),
    Mutant(
        name="a header may end itself",
        file=DIRECT,
        old="        if not (text.isprintable() and signer.is_sendable):",
        new="        if not signer.is_sendable:",
        tests=[IN_ANSWERS + "a_header_that_would_end_is_refused_and_nothing_is_sent"],
    ),
    Mutant(
        name="a token may end its header",
        file=DIRECT,
        old="        if not (text.isprintable() and signer.is_sendable):",
        new="        if not text.isprintable():",
        tests=[IN_ANSWERS + "a_token_that_would_end_its_header_is_refused"],
    ),
    Mutant(
        name="an idle connection is used however old it is",
        file=DIRECT,
        old="            if now < connection.idle_since + _IDLE_SECONDS:",
        new="            if True:",
        tests=[IN_REUSE + "an_old_idle_connection_is_not_used_and_is_closed"],
    ),
    Mutant(
        name="idle connections stay open",
        file=DIRECT,
        old="            while now >= self._idle[0].idle_since + _IDLE_SECONDS:",
        new="            while False:",
        tests=[IN_REUSE + "an_idle_connection_is_closed_when_its_time_is_over"],
    ),
    Mutant(
        name="an address that is silent is waited for",
        file=DIRECT,
        old="                    connection.try_next(now)\n",
        new="                    pass\n",
        tests=[IN_ADDRESSES + "another_address_is_tried_where_one_is_silent"],
    ),
    Mutant(
        name="a connection outlives the close that did not see it",
        file=DIRECT,
        old="        if self._is_closed:  # `close` may",
        new="        if False:  # `close` may",
        tests=[IN_CANCEL + "a_connection_that_becomes_idle_after_the_close_is_closed"],
    ),
    Mutant(
        name="a proxy in the environment is passed by",
        file="s3syncd/s3/proxies.py",
        old="(text and name.lower() in _NAMES for",
        new="(not text and name.lower() in _NAMES for",
        tests=[IN_CANCEL + "behind_a_proxy_nothing_is_sent_or_looked_up_here"],
    ),
    Mutant(
        name="the answer to a HEAD is waited for to the end of the object",
        file=DIRECT,
        old='has_body=request.method != "HEAD",',
        new="has_body=True,",
        tests=[IN_REUSE + "the_length_in_an_answer_to_a_head_is_not_waited_for"],
    ),
    Mutant(
        name="an object is read though nobody wants it",
        file=DIRECT,
        old='is_cut=request.operation == "GetObject",',
        new="is_cut=False,",
        tests=[IN_PEEKS + "a_store_that_sends_all_of_it_is_not_listened_to"],
    ),
    Mutant(
        name="an answer that was cut off leaves the connection open",
        file=HTTP1,
        old="            self._left_bytes = 0\n            self.keeps_alive = False\n",
        new="            self._left_bytes = 0\n",
        tests=[IN_PEEKS + "a_store_that_sends_all_of_it_is_not_listened_to"],
    ),
    Mutant(
        name="an object that somebody wants is not read",
        file=DIRECT,
        old="in _MOST_BYTES and not _wants_object(request)",
        new="in _MOST_BYTES",
        tests=[IN_PEEKS + "objects_that_somebody_wants_are_not_read_this_way"],
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
    Mutant(
        name="the key of one day signs for ever",
        file=SIGNING,
        old="        if not now.startswith(day.date) or not day.date:",
        new="        if not day.date:",
        tests=[IN_SIGNING + "the_last_second_of_a_day_and_the_first_have_other_scopes"],
    ),
    Mutant(
        name="a query is not put in order for its signature",
        file=SIGNING,
        old='sorted(query.split("&"), key=lambda pair: pair.partition("="))',
        new='query.split("&")',
        tests=[IN_SIGNING + "signature_is_the_one_that_botocore_makes"],
    ),
    Mutant(
        name="a poller keeps what it watches no longer",
        file="s3syncd/s3/poller.py",
        old="        self._owners.pop(fd, None)\n",
        new="",
        tests=["tests/s3/test_poller.py::test_what_is_forgotten_is_not_told"],
    ),
    Mutant(
        name="a line on which nothing moves is waited for",
        file=DIRECT,
        old="                connection.stall(moved)\n",
        new="                pass\n",
        tests=[
            IN_CANCEL + "a_line_on_which_nothing_moves_is_given_up_and_leaves_the_effect_in_doubt"
        ],
    ),
]
