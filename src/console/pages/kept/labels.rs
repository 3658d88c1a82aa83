//! The fields of forms, as the forms themselves call them. A test compares them with the templates.

/// The labels that a field has in the forms of one address, which is named by its last segment.
const OF_ONE: &[(&str, &str, &str)] = &[
    ("action", "kind", "Action"),
    ("action", "yaml", "The action as YAML"),
    ("actions", "kind", "Action"),
    ("actions", "yaml", "The action as YAML"),
    ("again", "id", ""),
    ("bulk", "source", ""),
    ("bulk", "q", ""),
    ("bulk", "domain", ""),
    ("bulk", "status", ""),
    ("bulk", "directory", ""),
    ("bulk", "created_before", ""),
    ("bulk", "last_login_before", ""),
    ("bulk", "never_logged_in", ""),
    ("bulk", "protected", ""),
    ("bulk", "sort", ""),
    ("connect", "reason", "Why it is saved although a check failed"),
    ("delete", "kind", "Kind"),
    ("delete", "reason", "Why they are deleted"),
    ("dismiss", "id", ""),
    ("dismiss", "number", "Number, to dismiss"),
    ("dismiss", "reason", "Why (shown with each; may be left empty)"),
    ("edit", "account", "Another account"),
    ("file", "file", "CSV file"),
    ("file", "source", ""),
    ("live", "number", "Number, to switch it off"),
    ("refresh", "source", ""),
    ("release", "number", "Number, to release"),
    ("secrets", "name", ""),
    ("undo", "reason", "Why (shown with the undo; may be left empty)"),
    ("yaml", "yaml", "The scheme as YAML"),
];

/// The labels of all other fields. Nobody types what has none: a page fills it in.
const OF_ALL: &[(&str, &str)] = &[
    ("about", ""),
    ("account", "Account"),
    ("actions", ""),
    ("at", ""),
    ("back", ""),
    ("base_url", "Address"),
    ("before", "Started before"),
    ("cron", "Or as a cron pattern"),
    ("cursor", ""),
    ("deactivated", "Is deactivated"),
    ("density", "Rows"),
    ("do", ""),
    ("domain", "Has an e-mail address at"),
    ("domain_not", "Has an e-mail address elsewhere than at"),
    ("encoding", ""),
    ("ends", "Ends on"),
    ("everyone", "Everybody"),
    ("exempt_groups", "Never members of these groups"),
    ("exempt_groups_found", "Add this group to those whose members are never selected"),
    ("exempt_groups_more", "Add a group whose members are never selected"),
    ("exempt_users", "Never these users"),
    ("expression", "An expression in CEL is true"),
    ("fields", "Further fields, as YAML"),
    ("from", ""),
    ("go", ""),
    ("group", ""),
    ("id", "Id"),
    ("is_private", "It is in a private network, and has no TLS"),
    ("job", ""),
    ("kind", "What sets it off"),
    ("last_login", "Has not logged in for"),
    ("limit_percent", "At most so many percent of the users of the source"),
    ("limit_users", "At most so many users"),
    ("makes_secret", "Make a secret for its webhooks, which is shown once when the source is saved"),
    ("match", "How many of the conditions hold"),
    ("mode", "Mode"),
    ("more", "Other conditions, as YAML"),
    ("name", "Name"),
    ("names", "Groups or applications, one a line"),
    ("names_found", "Add this group"),
    ("names_more", "Add a group"),
    ("never", "Has never logged in"),
    ("never_created", "Has never logged in, and was created more than … ago"),
    ("next", ""),
    ("number", "Number"),
    ("once", "Has logged in only once"),
    ("once_not_within", "Has logged in only once, and that was more than … ago"),
    ("one", ""),
    ("only_groups", "Only members of one of these groups"),
    ("only_groups_found", "Add this group to those whose members alone are selected"),
    ("only_groups_more", "Add a group whose members alone are selected"),
    ("organization", "Organisation id"),
    ("over", ""),
    ("pick", ""),
    ("place", ""),
    ("plain", "When"),
    ("plan", ""),
    ("product", ""),
    ("project", "Project key"),
    ("reason", "Why"),
    ("revision", ""),
    ("scheme", "Scheme"),
    ("seen", ""),
    ("send_reset_link", "Send the user a link to set a new password"),
    ("show", ""),
    ("shown", ""),
    ("source", "Source"),
    ("state", "State"),
    ("suffix", "Suffix"),
    ("summary", "Summary"),
    ("tag", ""),
    ("take", ""),
    ("tested", ""),
    ("theme", "Colours"),
    ("timezone", "Time zone"),
    ("to", ""),
    ("type", "Issue type"),
    ("upload", ""),
    ("users", "Is one of these users"),
    ("variable", "Variable for the secret"),
];

/// The label of the field called `name` in a form that is sent to `action`; none if nobody types it.
pub(super) fn label(action: &str, name: &str) -> Option<String> {
    let path = action.split('?').next().unwrap_or_default();
    let last = path.rsplit('/').next().unwrap_or_default();
    let of_one = OF_ONE.iter().find(|(segment, field, _)| *segment == last && *field == name);
    let of_all = || OF_ALL.iter().find(|(field, _)| *field == name).map(|(_, label)| *label);
    match of_one.map(|(.., label)| *label).or_else(of_all) {
        Some("") => None,
        Some(label) => Some(label.to_owned()),
        None => Some(spelled_out(name)),
    }
}

/// A name that stands in no list, as words.
fn spelled_out(name: &str) -> String {
    let mut words = name.replace('_', " ");
    if let Some(first) = words.get_mut(..1) {
        first.make_ascii_uppercase();
    }
    words
}

#[cfg(test)]
mod tests {
    use std::{fs, path::Path};

    use super::*;
    use crate::console::kept_forms::is_secret;

    /// The text of all templates below `folder`.
    fn templates(folder: &Path) -> Vec<String> {
        let mut texts = Vec::new();
        for entry in fs::read_dir(folder).expect("a folder") {
            let path = entry.expect("an entry").path();
            match path.file_name().and_then(|name| name.to_str()) {
                _ if path.is_dir() => texts.extend(templates(&path)),
                // It is for those who have no session, whose forms are not kept.
                Some("sign_in.html" | "kept.html") | None => {}
                Some(_) => texts.push(fs::read_to_string(&path).expect("a template")),
            }
        }
        texts
    }

    /// What stands in `text` between `begin` and `end`, each time.
    fn between<'t>(text: &'t str, begin: &'t str, end: &'t str) -> impl Iterator<Item = &'t str> {
        text.split(begin).skip(1).filter_map(move |rest| rest.split(end).next())
    }

    fn attribute<'t>(tag: &'t str, name: &str) -> Option<&'t str> {
        tag.split(&format!(" {name}=\"")).nth(1)?.split('"').next()
    }

    /// The last segment of the address of a form, without what templates write into it.
    fn action(form: &str) -> String {
        let address = attribute(form, "action").expect("an address");
        let plain = address.split("{%").map(|part| part.rsplit("%}").next().unwrap_or_default()).collect::<String>();
        plain.rsplit('/').next().expect("a segment").to_owned()
    }

    #[test]
    fn a_kept_field_has_the_label_of_its_form() {
        let texts = templates(&Path::new(env!("CARGO_MANIFEST_DIR")).join("templates"));
        let (mut compared, mut fields) = (0, 0);
        for form in texts.iter().flat_map(|text| between(text, "<form method=\"post\"", "</form>")) {
            let action = action(form);
            for tag in form
                .split('<')
                .filter(|tag| ["input ", "textarea ", "select "].iter().any(|kind| tag.starts_with(kind)))
            {
                let name = attribute(tag, "name").filter(|name| !name.contains('{') && !is_secret(name));
                let Some(name) = name else { continue };
                fields += 1;
                if tag.contains("type=\"hidden\"") {
                    assert_eq!(label(&action, name), None, "nobody types {name} at {action}");
                    continue;
                }
                let told = label(&action, name).unwrap_or_else(|| panic!("{name} at {action} is typed"));
                let Some(id) = attribute(tag, "id").filter(|_| !action.contains('{')) else { continue };
                let begin = format!("<label for=\"{id}\">");
                let own = between(form, &begin, "</label>").next();
                if let Some(own) = own.filter(|own| !own.contains(['{', '<'])) {
                    assert_eq!(told, own, "{name} at {action}");
                    compared += 1;
                }
            }
        }
        assert!(fields > 60 && compared > 25, "{compared} of {fields}");
    }

    #[test]
    fn the_label_goes_by_the_address() {
        for (action, name, told) in [
            ("/drafts/a/trigger", "kind", Some("What sets it off")),
            ("/drafts/a/actions", "kind", Some("Action")),
            ("/dead-letters/again", "id", None),
            ("/connect", "id", Some("Id")),
            ("/runs/delete?x=1", "reason", Some("Why they are deleted")),
            ("/runs/delete", "kind", Some("Kind")),
            ("/odd", "some_field", Some("Some field")),
            ("/odd", "ü", Some("ü")),
            ("/odd", "", Some("")),
        ] {
            assert_eq!(label(action, name).as_deref(), told, "{action} {name}");
        }
    }
}
