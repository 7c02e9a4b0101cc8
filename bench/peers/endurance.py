"""Whether something that is sampled over a long run has stopped growing."""
FEWEST_SAMPLES = 12
MOST_GROWTH = 0.05  # of the peak, from the third quarter to the last


def levels_off(samples):
    """The peaks of the last two quarters are equal within a few percent. Peaks, because a log saws: its middle is a
    matter of when it is looked at, and whatever grows below the saw lifts its teeth."""
    if len(samples) < FEWEST_SAMPLES:
        return False
    quarter = len(samples) // 4
    third = max(samples[-2 * quarter:-quarter])
    return max(samples[-quarter:]) <= third * (1 + MOST_GROWTH)
