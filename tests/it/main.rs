//! Tests of the real parts together.

mod kafka;
mod support;
