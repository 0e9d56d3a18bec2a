//! Controls under a clock that the tests turn.
