//! The keys of an object.

use serde_json::{Value, json};

use super::{Described, Shape, definitions::Definitions};

/// A key of an object, with any value.
pub(in crate::config) trait AnyKey: Sync {
    /// Its name.
    fn name(&self) -> &'static str;

    /// The hint if it is missing; none if it may be left out.
    fn to_write(&self) -> Option<&'static str>;

    /// Whether it is always required.
    fn is_required(&self) -> bool {
        self.to_write().is_some()
    }

    /// The JSON Schema of its value, with the meaning of the key.
    fn schema(&self, definitions: &mut Definitions) -> Value;
}

/// A key and the shape of its value.
pub(in crate::config) struct Key<D> {
    /// Its name.
    pub name: &'static str,
    /// Its meaning.
    about: &'static str,
    /// The hint if it is missing; none if it may be left out.
    to_write: Option<&'static str>,
    /// Whether another key says if it must be there.
    depends: bool,
    /// The shape of its value.
    pub shape: D,
}

impl<D> Key<D> {
    /// A key that may be left out.
    pub const fn new(name: &'static str, about: &'static str, shape: D) -> Self {
        Self { name, about, to_write: None, depends: false, shape }
    }

    /// A required key; `to_write` is the hint if it is missing.
    pub const fn needed(name: &'static str, to_write: &'static str, about: &'static str, shape: D) -> Self {
        Self { name, about, to_write: Some(to_write), depends: false, shape }
    }

    /// Needed in some objects and not in others, by what another key says.
    pub const fn at_times(name: &'static str, to_write: &'static str, about: &'static str, shape: D) -> Self {
        Self { name, about, to_write: Some(to_write), depends: true, shape }
    }
}

impl<D: Described> AnyKey for Key<D> {
    fn name(&self) -> &'static str {
        self.name
    }

    fn to_write(&self) -> Option<&'static str> {
        self.to_write
    }

    fn is_required(&self) -> bool {
        self.to_write.is_some() && !self.depends
    }

    fn schema(&self, definitions: &mut Definitions) -> Value {
        explained(self.about, self.shape.schema(definitions))
    }
}

/// A key that may be left out, and what holds then.
pub(in crate::config) struct Or<S: Shape> {
    /// The key.
    pub key: Key<S>,
    /// The default.
    pub default: fn() -> S::Value,
    /// The default as it could be written.
    shown: fn(&S::Value) -> Value,
}

impl<S: Shape> Or<S> {
    /// A key with the default `default`, which `shown` writes.
    pub const fn new(
        name: &'static str,
        about: &'static str,
        shape: S,
        default: fn() -> S::Value,
        shown: fn(&S::Value) -> Value,
    ) -> Self {
        Self { key: Key::new(name, about, shape), default, shown }
    }
}

impl<S: Shape> AnyKey for Or<S> {
    fn name(&self) -> &'static str {
        self.key.name
    }

    fn to_write(&self) -> Option<&'static str> {
        None
    }

    fn schema(&self, definitions: &mut Definitions) -> Value {
        let mut schema = self.key.schema(definitions);
        schema["default"] = (self.shown)(&(self.default)());
        schema
    }
}

/// A key that names a variant, one of several that are allowed in the same place.
pub(in crate::config) struct Word<R: 'static> {
    /// The key.
    pub name: &'static str,
    /// Key and value, as an administrator could write them.
    pub example: &'static str,
    /// Its meaning.
    pub about: &'static str,
    /// The shape of its value.
    pub shape: &'static dyn Described,
    /// The reader of the value.
    pub read: R,
}

impl<R: Sync> AnyKey for Word<R> {
    fn name(&self) -> &'static str {
        self.name
    }

    fn to_write(&self) -> Option<&'static str> {
        None
    }

    fn schema(&self, definitions: &mut Definitions) -> Value {
        explained(&format!("{} For example `{}`.", self.about, self.example), self.shape.schema(definitions))
    }
}

/// `schema` with its meaning.
fn explained(about: &str, mut schema: Value) -> Value {
    schema["description"] = json!(about);
    schema
}
