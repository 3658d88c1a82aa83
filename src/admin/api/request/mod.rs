//! Parts that requests to the API share: headers, parameters, a query, and work on threads of its own.

pub(super) mod body;
pub(super) mod form;
pub(super) mod headers;
pub(super) mod lookup;
pub(super) mod parameters;
pub(super) mod query;
pub(super) mod stream;
pub(super) mod work;
