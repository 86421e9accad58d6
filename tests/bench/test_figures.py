"""The arithmetic of the benches."""

from __future__ import annotations

import pytest

from bench.figures import percentile, ratio, slope_per_minute, spread


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
