"""The parts of .ci/style.py; each module holds the checks of one subject."""
