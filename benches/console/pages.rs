//! The pages that are asked for.

/// Things of which there are many, and a run that is held.
pub struct Found {
    pub user: String,
    pub failed: String,
    pub sweep: String,
    pub other_sweep: String,
    pub held: String,
    pub draft: String,
    pub letters: String,
}

/// The address of a page, or of a part of one.
pub struct Page {
    pub path: String,
    /// A part that the page loads by itself.
    pub is_part: bool,
}

const PLAIN: [&str; 51] = [
    "/sign-in",
    "/",
    "/start",
    "/sources",
    "/sources/acme",
    "/sources/acme/pause",
    "/sources/acme/yaml",
    "/connect",
    "/connect?product=jira-dc",
    "/schemes",
    "/schemes?q=department",
    "/schemes?state=test",
    "/schemes/scheme-7",
    "/schemes/idle",
    "/schemes/partners/run",
    "/schemes/scheme-7/history",
    "/schemes/scheme-7/delete",
    "/schemes/scheme-0/live",
    "/drafts/new",
    "/runs",
    "/runs?scheme=scheme-7",
    "/runs?scheme=scheme-7&result=failed",
    "/runs?state=held",
    "/runs?result=failed",
    "/runs?result=tested",
    "/runs?kind=undo",
    "/runs?mode=test",
    "/runs?by=nobody",
    "/runs?q=no-such-text",
    "/runs?user=name-7",
    "/runs?user=nobody",
    "/runs/folded",
    "/runs/folded?scheme=scheme-7",
    "/runs/delete",
    "/runs/delete?before=2100-01-01",
    "/runs/delete?before=2100-01-01&scheme=scheme-7",
    "/dead-letters",
    "/dead-letters?reason=read-only",
    "/dead-letters?user=nobody",
    "/dead-letters?state=resolved",
    "/users",
    "/users?q=name-77",
    "/users?q=nobody-at-all",
    "/users?sort=-name",
    "/users?domain=partner.example",
    "/users?last_login_before=2000-01-01",
    "/users?never_logged_in=true",
    "/users?protected=true",
    "/audit",
    "/settings",
    "/settings/components",
];

/// All of them.
pub fn all(found: &Found) -> Vec<Page> {
    let Found { user, failed, sweep, other_sweep, held, draft, letters } = found;
    let of_many = [
        format!("/schemes/scheme-7?user={user}"),
        format!("/drafts/{draft}/trigger"),
        format!("/drafts/{draft}/users"),
        format!("/drafts/{draft}/actions"),
        format!("/drafts/{draft}/audit"),
        format!("/drafts/{draft}/overview"),
        format!("/drafts/{draft}/yaml"),
        format!("/runs?user={user}"),
        format!("/runs/{failed}"),
        format!("/runs/{failed}/entry?user={user}&action=add_groups&target=contractors"),
        format!("/runs/{sweep}"),
        format!("/runs/{sweep}?result=failed"),
        format!("/runs/{sweep}?result=held"),
        format!("/runs/{sweep}/undo"),
        format!("/runs/{sweep}/diff?to={other_sweep}"),
        format!("/runs/{held}"),
        format!("/dead-letters?user={user}"),
        format!("/dead-letters?group={letters}"),
        format!("/dead-letters/again?group={letters}"),
        format!("/dead-letters/dismiss?group={letters}"),
        format!("/users/acme/{user}"),
        format!("/users/acme/{user}?kind=step"),
    ];
    let parts = [
        format!("/users/acme/{user}?part=schemes"),
        format!("/drafts/{draft}/overview?part=count"),
        format!("/runs/{held}?part=progress"),
        "/start?part=steps".to_owned(),
    ];
    let page = |is_part| move |path| Page { path, is_part };
    let whole = PLAIN.iter().map(|path| (*path).to_owned()).chain(of_many).map(page(false));
    whole.chain(parts.into_iter().map(page(true))).collect()
}
