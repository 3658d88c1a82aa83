//! One scheme.

pub(super) mod actions;
pub(super) mod compatibility;
pub(super) mod conditions;
pub(super) mod conflicts;
pub(super) mod expressions;
pub(super) mod groups;
pub(super) mod issue;
pub(super) mod limits;
pub(super) mod names;
pub(super) mod select;
pub(super) mod trigger;

use super::{
    ProvisionedScheme, Sources,
    reader::{Reader, fields::Fields, node::Node, not_yet},
};
use crate::domain::{Exempt, Limits, MentionedAt, Scheme, SchemeId, SourceId};
use actions::actions;
use groups::groups;
use groups::remember;
use groups::some_groups;
use groups::users;
use limits::limits;
use select::Conditions;
use select::EMPTY_SELECT;
use select::select;
use trigger::TRIGGERS;
use trigger::trigger;

/// Reads one item of `schemes`, for one of `sources`.
pub(super) fn scheme(node: &Node, sources: &Sources, reader: &mut Reader<'_>) -> Option<ProvisionedScheme> {
    let (mut conditions, mut acts) = (Conditions::default(), Vec::new());
    let mut fields = Fields::of(node, reader)?;
    let id = fields
        .required("id", "write `id: contractors`, say", reader)
        .and_then(|node| reader.parsed(node, str::parse::<SchemeId>));
    let name = fields.or("name", None, |node| reader.title(node).map(Some));
    let source =
        fields.required("source", "write the id of a source", reader).and_then(|node| source(node, sources, reader));
    let trigger = fields.required("trigger", TRIGGERS, reader).and_then(|node| trigger(node, reader));
    let enabled = fields.or("enabled", true, |node| reader.boolean(node));
    let test_mode = fields.or("test_mode", true, |node| reader.boolean(node));
    let select = fields.required("select", EMPTY_SELECT, reader).and_then(|node| select(node, &mut conditions, reader));
    let only_groups = fields.or("only_groups", Vec::new(), |node| {
        some_groups(node, reader).inspect(|groups| remember(MentionedAt::OnlyGroups, node, groups, reader))
    });
    let exempt = fields.or("exempt", Exempt::default(), |node| exempt(node, reader));
    let actions = fields
        .required("actions", "write `- add_groups: [a-group]` below it, say", reader)
        .and_then(|node| actions(node, &mut acts, reader));
    let limits_node = fields.get("limits");
    let limits = limits_node.map_or(Some(Limits::default()), |node| limits(node, reader));
    fields.or("audit", (), |node| audit(node, reader));
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
        only_groups: only_groups?,
        exempt: exempt?,
        actions: actions?,
        limits: limits?,
    }))
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
    let mut fields = Fields::like(node, "{ users: [a-user], groups: [a-group] }", reader)?;
    let users = fields.or("users", Vec::new(), |node| {
        users(node, reader).inspect(|users| remember(MentionedAt::ExemptUsers, node, users, reader))
    });
    let groups = fields.or("groups", Vec::new(), |node| {
        groups(node, reader).inspect(|groups| remember(MentionedAt::ExemptGroups, node, groups, reader))
    });
    fields.done(reader);
    Some(Exempt { users: users?, groups: groups? })
}

/// Accepts what is so anyway: every scheme is told in the application log.
fn audit(node: &Node, reader: &mut Reader<'_>) -> Option<()> {
    let mut fields = Fields::awaiting(node, not_yet::AUDIT, reader)?;
    if let Some(node) = fields.get("application_log")
        && reader.boolean(node) == Some(false)
    {
        reader.refuse::<()>(&node.at, not_yet::message("application_log: false", "write `true`"));
    }
    fields.done(reader);
    Some(())
}
