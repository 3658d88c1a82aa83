//! The common parts of the tests. Each file is one part that a test may use alone, so they are side by side.

pub mod app;
pub mod clock;
pub mod collector;
pub mod damage;
pub mod decided;
pub mod face;
pub mod ground;
pub mod kafka;
pub mod mounted;
pub mod process;
pub mod reserved;
pub mod small_disk;
pub mod usher;
pub mod wire;
pub mod words;
