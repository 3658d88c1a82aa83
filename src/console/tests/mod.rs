//! Properties of all pages, without a browser.

mod contrast;
