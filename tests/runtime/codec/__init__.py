"""Tests of the bridge's Candid codec, built for the host and run by the build tools' Python 3.13."""
