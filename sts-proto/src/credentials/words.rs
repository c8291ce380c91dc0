//! Command lines, as a shell splits them.
