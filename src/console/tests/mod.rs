//! What holds for all pages, without a browser.

mod contrast;
