//! One scheme.

pub(super) mod actions;
pub(super) mod compatibility;
pub(super) mod conflicts;
pub(super) mod expressions;
pub(super) mod groups;
pub(super) mod keys;
pub(super) mod limits;
pub(super) mod names;
pub(super) mod select;
pub(super) mod trigger;
mod write;

pub use select::objection;
pub use write::as_yaml;

use super::{
    ProvisionedScheme, Sources,
    reader::{Reader, node::Node, not_yet},
    shape::object::Object,
};
use crate::domain::{Exempt, Limits, Scheme, SourceId, Trigger};
use actions::actions;
use keys::{
    ACTIONS, APPLICATION_LOG, AUDIT, AUDITED, ENABLED, EXEMPT, EXEMPT_GROUPS, EXEMPT_USERS, EXEMPTED, ID, LIMITS, NAME,
    ONLY_GROUPS, SCHEME, SELECT, SOURCE, TEST_MODE, TRIGGER,
};
use limits::limits;
use select::{Conditions, select};
use trigger::trigger;

/// Reads one item of `schemes`, for one of `sources`.
pub(super) fn scheme(node: &Node, sources: &Sources, reader: &mut Reader<'_>) -> Option<ProvisionedScheme> {
    let (mut conditions, mut acts) = (Conditions::default(), Vec::new());
    let mut fields = SCHEME.open(node, reader)?;
    let id = fields.needed(&ID, reader);
    let name = fields.optional(&NAME, reader);
    let source = fields.needed_node(&SOURCE, reader).and_then(|node| source(node, sources, reader));
    let trigger = fields.needed_node(&TRIGGER, reader).and_then(|node| trigger(node, reader));
    let enabled = fields.or(&ENABLED, reader);
    let test_mode = fields.or(&TEST_MODE, reader);
    let select = fields.needed_node(&SELECT, reader).and_then(|node| select(node, &mut conditions, reader));
    let only_groups = fields.optional(&ONLY_GROUPS, reader);
    let exempt = fields.or_else(&EXEMPT, Exempt::default(), |node| exempt(node, reader));
    let actions = fields.needed_node(&ACTIONS, reader).and_then(|node| actions(node, &mut acts, reader));
    let limits_node = fields.node(&LIMITS);
    let limits = limits_node.map_or(Some(Limits::default()), |node| limits(node, reader));
    fields.or_else(&AUDIT, (), |node| audit(node, reader));
    fields.done(reader);

    if let Some(trigger) = &trigger {
        compatibility::check_trigger(trigger, &conditions.found, &acts, reader);
        if let (Some(node), Some(limits)) = (limits_node, &limits) {
            compatibility::check_limits(trigger, node, limits, reader);
        }
    }
    if let Some(product) = source.as_ref().and_then(|source| sources.product(source)) {
        compatibility::check_product(product, &acts, reader);
    }
    conflicts::check(&acts, reader);

    let id = id?;
    Some(provisioned(Scheme {
        name: name?.unwrap_or_else(|| id.to_string()),
        id,
        source: source?,
        trigger: trigger?,
        enabled: enabled?,
        test_mode: test_mode?,
        select: select?,
        only_groups: only_groups?.unwrap_or_default(),
        exempt: exempt?,
        actions: actions?,
        limits: limits?,
    }))
}

/// A trigger without the rest of a scheme.
static TRIGGER_ALONE: Object =
    Object::new("TriggerAlone", "What sets a scheme off.", || vec![&TRIGGER]).like("{ trigger: on_create }");

/// Reads a map with the one key `trigger`.
pub(super) fn trigger_alone(node: &Node, reader: &mut Reader<'_>) -> Option<Trigger> {
    let mut fields = TRIGGER_ALONE.open(node, reader)?;
    let trigger = fields.needed_node(&TRIGGER, reader).and_then(|node| trigger(node, reader));
    fields.done(reader);
    trigger
}

fn provisioned(scheme: Scheme) -> ProvisionedScheme {
    ProvisionedScheme { reference: scheme.reference(), scheme }
}

fn source(node: &Node, sources: &Sources, reader: &mut Reader<'_>) -> Option<SourceId> {
    let source = reader.parsed(node, str::parse::<SourceId>)?;
    sources.check(&source, &node.at, reader);
    Some(source)
}

fn exempt(node: &Node, reader: &mut Reader<'_>) -> Option<Exempt> {
    let mut fields = EXEMPTED.open(node, reader)?;
    let users = fields.optional(&EXEMPT_USERS, reader);
    let groups = fields.optional(&EXEMPT_GROUPS, reader);
    fields.done(reader);
    Some(Exempt { users: users?.unwrap_or_default(), groups: groups?.unwrap_or_default() })
}

/// Accepts the present behaviour: every scheme is in the application log.
fn audit(node: &Node, reader: &mut Reader<'_>) -> Option<()> {
    let mut fields = AUDITED.open(node, reader)?;
    if let Some(node) = fields.node(&APPLICATION_LOG)
        && reader.boolean(node) == Some(false)
    {
        reader.refuse::<()>(&node.at, not_yet::message("application_log: false", "write `true`"));
    }
    fields.done(reader);
    Some(())
}
