//! Writes maps with the keys that they are read by.

use serde::{Serialize, Serializer, ser::SerializeMap};

use super::key::AnyKey;

/// A map that is being written.
pub(in crate::config) struct Written<M> {
    map: M,
}

/// Begins to write a map.
///
/// # Errors
///
/// Those of `serializer`.
pub(in crate::config) fn begin<S: Serializer>(serializer: S) -> Result<Written<S::SerializeMap>, S::Error> {
    Ok(Written { map: serializer.serialize_map(None)? })
}

impl<M: SerializeMap> Written<M> {
    /// Writes a key with its value.
    ///
    /// # Errors
    ///
    /// Those of the serializer.
    pub fn put<T: Serialize + ?Sized>(&mut self, key: &dyn AnyKey, value: &T) -> Result<(), M::Error> {
        self.map.serialize_entry(key.name(), value)
    }

    /// Writes a key with its value, if there is one.
    ///
    /// # Errors
    /// Those of the serializer.
    pub fn put_some<T: Serialize + ?Sized>(&mut self, key: &dyn AnyKey, value: Option<&T>) -> Result<(), M::Error> {
        value.map_or(Ok(()), |value| self.put(key, value))
    }

    /// Ends the map.
    ///
    /// # Errors
    ///
    /// Those of the serializer.
    pub fn end(self) -> Result<M::Ok, M::Error> {
        self.map.end()
    }
}
