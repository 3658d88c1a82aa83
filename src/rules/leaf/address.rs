//! Conditions on the e-mail domain. No reason contains the address itself.

use crate::domain::{DomainPattern, EmailAddress, EmailDomain, Fact, Missing, Origin, Timestamp, Truth};

use super::{super::truth::known, ReasonText, list};

/// The result of looking at the e-mail domain.
pub(in crate::rules) struct Evaluated<'a> {
    found: Result<DomainMatch<'a>, Missing>,
    patterns: &'a [DomainPattern],
    /// Whether the condition holds for a domain that is listed, or for one that is not.
    wants_listed: bool,
}

struct DomainMatch<'a> {
    domain: &'a EmailDomain,
    by: Option<&'a DomainPattern>,
    origin: Origin,
    as_of: Timestamp,
}

impl<'a> Evaluated<'a> {
    #[inline]
    pub(super) fn at(email: &'a Fact<EmailAddress>, patterns: &'a [DomainPattern], wants_listed: bool) -> Self {
        let found = match email {
            Fact::Known { value, origin, as_of } => value.domain().ok_or(Missing::NotAnAddress).map(|domain| {
                let by = patterns.iter().find(|pattern| pattern.matches(domain));
                DomainMatch { domain, by, origin: *origin, as_of: *as_of }
            }),
            Fact::Unknown(missing) => Err(*missing),
        };
        Self { found, patterns, wants_listed }
    }

    #[inline]
    pub(super) fn truth(&self) -> Truth {
        match &self.found {
            Ok(found) => known(found.by.is_some() == self.wants_listed),
            Err(_) => Truth::Unknown,
        }
    }

    pub(super) fn explain(&self) -> ReasonText {
        let DomainMatch { domain, by, origin, as_of } = match &self.found {
            Ok(found) => found,
            Err(missing) => return ReasonText::missing("the e-mail domain", *missing),
        };
        let patterns = list(self.patterns);
        let (because, change) = match by {
            Some(pattern) => (
                format!("the e-mail domain {domain} matches {pattern}"),
                format!("the e-mail domain becomes none of {patterns}"),
            ),
            None => (
                format!("the e-mail domain {domain} matches none of {patterns}"),
                format!("the e-mail domain becomes one of {patterns}"),
            ),
        };
        ReasonText::known(*origin, *as_of, because).with(domain.to_string(), change)
    }
}
