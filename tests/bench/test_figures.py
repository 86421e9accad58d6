"""The arithmetic of the benches."""

from __future__ import annotations

import random

import pytest

from bench.figures import lowest_of_each, percentile, ratio, slope_per_minute, spread


def test_a_ratio_is_of_medians_and_above_one_when_we_are_faster():
    assert ratio([1.0, 2.0, 30.0], [4.0, 1.0, 90.0]) == 2.0


def test_a_spread_names_median_least_and_most():
    assert spread([3.0, 1.0, 2.0], 1) == "2.0 (1.0 .. 3.0)"


def test_a_spread_of_equal_values_is_one_number():
    assert spread([2.04, 2.01], 1) == "2.0"


@pytest.mark.parametrize(("percent", "expected"), [(50, 50), (99, 99), (100, 100), (0, 1)])
def test_a_percentile_is_a_value_that_was_measured(percent, expected):
    assert percentile(list(range(100, 0, -1)), percent) == expected


def test_a_percentile_of_few_values_errs_to_the_larger():
    assert percentile([1.0, 2.0], 99) == 2.0


def test_a_slope_is_per_minute():
    assert slope_per_minute([(at, 5.0 + at) for at in range(10)]) == pytest.approx(60.0)


def test_one_outlier_does_not_tilt_a_slope():
    samples = [(float(at), 7.0) for at in range(20)]
    samples[-1] = (19.0, 700.0)
    assert slope_per_minute(samples) == 0.0


def test_one_sample_has_no_slope():
    assert slope_per_minute([(0.0, 1.0)]) == 0.0


def uploading(leak_per_minute):
    """Samples of ten minutes: up to five parts of 8 MiB on their way, once in a while none."""
    chance = random.Random(1)
    in_flight = [0.0]
    for _ in range(299):
        is_new = chance.random() < 0.2
        in_flight.append(8.0 * chance.randrange(6) if is_new else in_flight[-1])
    return [
        (2.0 * index, 100.0 + held + leak_per_minute * index / 30)
        for index, held in enumerate(in_flight)
    ]


@pytest.mark.parametrize("leak", [0.0, 2.0])
def test_what_comes_and_goes_hides_no_leak_and_is_none(leak):
    slope = slope_per_minute(lowest_of_each(uploading(leak), 30.0))
    assert slope == pytest.approx(leak, abs=0.4)


def test_the_lowest_of_each_stretch_is_where_it_was_measured():
    samples = [(10.0, 3.0), (12.0, 1.0), (14.0, 2.0), (20.0, 5.0), (31.0, 4.0)]
    assert lowest_of_each(samples, 10.0) == [(12.0, 1.0), (20.0, 5.0), (31.0, 4.0)]
