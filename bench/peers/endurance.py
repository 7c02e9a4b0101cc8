"""Whether something that is sampled over a long run has stopped growing."""
import statistics

FEWEST_SAMPLES = 12
MOST_GROWTH = 0.05  # of the median, from the third quarter to the last


def levels_off(samples):
    """The medians of the last two quarters are equal within a few percent; medians, because a log saws."""
    if len(samples) < FEWEST_SAMPLES:
        return False
    quarter = len(samples) // 4
    third = statistics.median(samples[-2 * quarter:-quarter])
    last = statistics.median(samples[-quarter:])
    return last <= third * (1 + MOST_GROWTH)
