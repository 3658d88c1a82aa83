//! The sources that schemes may be for.

use std::collections::BTreeMap;

use crate::{
    config::{
        Source,
        reader::{Reader, instead, problem::Place},
    },
    domain::{Product, SourceId},
};

/// The sources that schemes may be for, and what each of them is.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Sources {
    /// None if the product can't be read.
    known: BTreeMap<SourceId, Option<Product>>,
    /// Whether there are more, so that nothing follows from a source that is not among these.
    more: bool,
}

impl Sources {
    /// These, and there may be more.
    pub(in crate::config) fn among_others(known: impl IntoIterator<Item = (SourceId, Option<Product>)>) -> Self {
        Self { known: known.into_iter().collect(), more: true }
    }

    /// These and no others.
    pub(in crate::config) fn all(known: impl IntoIterator<Item = (SourceId, Option<Product>)>) -> Self {
        Self { known: known.into_iter().collect(), more: false }
    }

    /// The product of `source`, if it is known.
    pub(in crate::config) fn product(&self, source: &SourceId) -> Option<Product> {
        self.known.get(source).copied().flatten()
    }

    /// Reports `source`, named at `at`, if it does not exist.
    pub(in crate::config) fn check(&self, source: &SourceId, at: &Place, reader: &mut Reader<'_>) {
        if self.more || self.known.contains_key(source) {
            return;
        }
        let known: Vec<&str> = self.known.keys().map(SourceId::as_str).collect();
        let instead = match known.is_empty() {
            true => "write one under `sources`".to_owned(),
            false => instead(source.as_str(), &known),
        };
        reader.refuse::<()>(at, format!("there is no source `{source}`; {instead}"));
    }
}

impl<'s> FromIterator<&'s Source> for Sources {
    fn from_iter<I: IntoIterator<Item = &'s Source>>(sources: I) -> Self {
        Self::all(sources.into_iter().map(|source| (source.id.clone(), Some(source.product))))
    }
}

impl FromIterator<(SourceId, Product)> for Sources {
    fn from_iter<I: IntoIterator<Item = (SourceId, Product)>>(sources: I) -> Self {
        Self::all(sources.into_iter().map(|(id, product)| (id, Some(product))))
    }
}
