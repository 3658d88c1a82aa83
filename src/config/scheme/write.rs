//! Writes a scheme with the keys by which it is read. The same scheme always gives the same text: its version is a
//! digest of it.

use serde::{Serialize, Serializer, ser::SerializeMap};

use super::{
    actions::{APPLICATIONS, FIELDS, ISSUE_TYPE, PROJECT, SEND_RESET_LINK, SUFFIX, SUMMARY},
    keys::{
        ACTIONS, ENABLED, EXEMPT, EXEMPT_GROUPS, EXEMPT_USERS, ID, LIMITS, NAME, ONLY_GROUPS, SELECT, SOURCE,
        TEST_MODE, TRIGGER,
    },
    select::{CREATED_BEFORE, NOT_WITHIN},
};
use crate::{
    config::shape::{key::AnyKey, written},
    domain::{Action, Condition, Exempt, IssueTemplate, LoggedInOnce, NeverLoggedIn, Scheme, Selection, True},
};

/// `scheme` as YAML, with its keys in the order in which people write them. The same scheme always gives the same text.
///
/// # Errors
/// If a text in it can't be written as YAML.
pub fn as_yaml(scheme: &Scheme) -> Result<String, serde_saphyr::SerializeError> {
    serde_saphyr::to_string(scheme)
}

impl Serialize for Scheme {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let Self { id, name, source, trigger, enabled, test_mode, select, only_groups, exempt, actions, limits } = self;
        let mut map = written::begin(serializer)?;
        map.put(&ID, id)?;
        map.put(&NAME, name)?;
        map.put(&SOURCE, source)?;
        map.put(&TRIGGER, trigger)?;
        map.put(&ENABLED, enabled)?;
        map.put(&TEST_MODE, test_mode)?;
        map.put(&SELECT, select)?;
        map.put_some(&ONLY_GROUPS, filled(only_groups))?;
        map.put_some(&EXEMPT, Some(exempt).filter(|exempt| !exempt.is_empty()))?;
        map.put(&ACTIONS, actions)?;
        map.put_some(&LIMITS, Some(limits).filter(|limits| !limits.is_empty()))?;
        map.end()
    }
}

/// A list, unless it is empty.
fn filled<T>(list: &[T]) -> Option<&[T]> {
    Some(list).filter(|list| !list.is_empty())
}

impl Serialize for Exempt {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = written::begin(serializer)?;
        map.put_some(&EXEMPT_USERS, filled(&self.users))?;
        map.put_some(&EXEMPT_GROUPS, filled(&self.groups))?;
        map.end()
    }
}

impl Serialize for Selection {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(Some(self.0.len()))?;
        self.0.iter().try_for_each(|condition| write_condition(condition, &mut map))?;
        map.end()
    }
}

impl Serialize for Condition {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(Some(1))?;
        write_condition(self, &mut map)?;
        map.end()
    }
}

/// Writes a condition as one key of a map.
fn write_condition<M: SerializeMap>(condition: &Condition, map: &mut M) -> Result<(), M::Error> {
    let key = condition.name();
    match condition {
        Condition::Everyone(True) | Condition::Deactivated(True) => map.serialize_entry(key, &true),
        Condition::NeverLoggedIn(value) => map.serialize_entry(key, value),
        Condition::LastLoginBefore(value) => map.serialize_entry(key, value),
        Condition::LoggedInOnce(value) => map.serialize_entry(key, value),
        Condition::EmailDomain(value) | Condition::EmailDomainNot(value) => map.serialize_entry(key, value),
        Condition::Users(value) => map.serialize_entry(key, value),
        Condition::Where(value) => map.serialize_entry(key, value),
        Condition::All(value) | Condition::Any(value) => map.serialize_entry(key, value),
        Condition::Not(value) => map.serialize_entry(key, value),
    }
}

impl Serialize for NeverLoggedIn {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = written::begin(serializer)?;
        map.put_some(&CREATED_BEFORE, self.created_before.as_ref())?;
        map.end()
    }
}

impl Serialize for LoggedInOnce {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = written::begin(serializer)?;
        map.put_some(&NOT_WITHIN, self.not_within.as_ref())?;
        map.end()
    }
}

impl Serialize for Action {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(Some(1))?;
        let key = self.kind().as_str();
        match self {
            Self::AddGroups(groups) | Self::RemoveGroups(groups) => map.serialize_entry(key, groups)?,
            Self::RemoveAllGroups | Self::Deactivate | Self::Reactivate | Self::Delete => {
                map.serialize_entry(key, &Keys::<()>(&[]))?;
            }
            Self::RemoveApplicationAccess(applications) => {
                let named = filled(applications).map(|names| (&APPLICATIONS as &dyn AnyKey, names));
                map.serialize_entry(key, &Keys(named.as_slice()))?;
            }
            Self::Rename { suffix } => map.serialize_entry(key, &Keys(&[(&SUFFIX, suffix)]))?,
            Self::InvalidatePassword { send_reset_link } => {
                map.serialize_entry(key, &Keys(&[(&SEND_RESET_LINK, send_reset_link)]))?;
            }
            Self::CreateIssue(template) => map.serialize_entry(key, template)?,
        }
        map.end()
    }
}

/// A map with these keys.
struct Keys<'k, T>(&'k [(&'k dyn AnyKey, T)]);

impl<T: Serialize> Serialize for Keys<'_, T> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = written::begin(serializer)?;
        self.0.iter().try_for_each(|(key, value)| map.put(*key, value))?;
        map.end()
    }
}

impl Serialize for IssueTemplate {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = written::begin(serializer)?;
        map.put(&PROJECT, &self.project)?;
        map.put(&ISSUE_TYPE, &self.issue_type)?;
        map.put(&SUMMARY, &self.summary)?;
        map.put_some(&FIELDS, Some(&self.fields).filter(|fields| !fields.is_empty()))?;
        map.end()
    }
}
