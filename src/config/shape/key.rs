//! The keys of an object.

use serde_json::{Value, json};

use super::{Described, Shape, definitions::Definitions};

/// A key of an object, whatever stands there.
pub(in crate::config) trait AnyKey: Sync {
    /// Its name.
    fn name(&self) -> &'static str;

    /// The hint for one who has left it out; none where it may be left out.
    fn to_write(&self) -> Option<&'static str>;

    /// Whether it must be there, whatever else stands there.
    fn is_required(&self) -> bool {
        self.to_write().is_some()
    }

    /// The JSON Schema of its value, with what the key means.
    fn schema(&self, definitions: &mut Definitions) -> Value;
}

/// A key and what may stand there.
pub(in crate::config) struct Key<D> {
    /// Its name.
    pub name: &'static str,
    /// Its meaning.
    about: &'static str,
    /// The hint for one who has left it out; none where it may be left out.
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

    /// A key that must be there; `to_write` says what to write where it is not.
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
    /// The value where it is left out.
    pub default: fn() -> S::Value,
    /// The default as it could be written.
    shown: fn(&S::Value) -> Value,
}

impl<S: Shape> Or<S> {
    /// A key that stands for `default` where it is left out, which `shown` writes.
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

/// A key that stands for a thing of its own, one of several that may stand in the same place.
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

/// `schema` with what it means.
fn explained(about: &str, mut schema: Value) -> Value {
    schema["description"] = json!(about);
    schema
}
