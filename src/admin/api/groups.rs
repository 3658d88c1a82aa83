//! The groups that a scheme names, looked up in its source before it is stored: most that are not there are typing errors.

use crate::{
    admin::AdminState,
    config::{CheckedScheme, NamedGroup},
    domain::Pausable,
    explain::{Error, MissingGroup},
    settings::Wrong,
};

use super::Problem;

/// What there is to say about the groups that `checked` names; nothing where all are there. Refused where some are not,
/// unless the scheme is off and so asks for nothing. What can't be told is no reason to refuse.
pub(super) async fn look_up(state: &AdminState, checked: &CheckedScheme) -> Result<Vec<String>, Problem> {
    let source = &checked.scheme.source;
    if state.settings.pause_of(&Pausable::Source(source.clone())).is_some() {
        return Ok(vec![not_looked_up(&format!("{source} is paused, and nothing is called there"))]);
    }
    let names = checked.groups.iter().map(|group| group.name.clone()).collect();
    let missing = match state.explainer.missing_groups(source, names).await {
        Ok(missing) => missing,
        Err(error @ (Error::Product { .. } | Error::TooSlow(_))) => return Ok(vec![not_looked_up(&error.to_string())]),
        Err(error) => return Err(error.into()),
    };
    let wrong: Vec<_> = checked.groups.iter().filter_map(|group| wrong(group, &missing, source.as_str())).collect();
    match (wrong.is_empty(), checked.scheme.enabled) {
        (true, _) => Ok(Vec::new()),
        (false, true) => Err(Problem::InvalidScheme(wrong)),
        (false, false) => Ok(wrong.into_iter().map(|wrong| wrong.message).collect()),
    }
}

fn wrong(group: &NamedGroup, missing: &[MissingGroup], source: &str) -> Option<Wrong> {
    let MissingGroup { name, nearest } = missing.iter().find(|missing| missing.name == group.name)?;
    let instead = match nearest {
        Some(nearest) => format!("did you mean `{nearest}`?"),
        None => "create it in the product first, or take it out".to_owned(),
    };
    let message = format!("`{}`: there is no group `{name}` in {source}; {instead}", group.key);
    Some(Wrong::at(&group.place, message))
}

fn not_looked_up(why: &str) -> String {
    format!("whether the groups that the scheme names are there was not looked up: {why}")
}
