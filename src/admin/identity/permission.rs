//! The permissions of usher: one table of the least role and of the sentence for those who may not.

use crate::domain::Role;

/// Something that may be done.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Permission {
    /// Read everything but secrets.
    Read,
    /// Ask why a scheme selects a user.
    Explain,
    /// Ask whom a scheme would select.
    Preview,
    /// Take data away in a file. It is recorded.
    Export,
    /// Have usher ask a product: test a connection, list all users.
    AskProduct,
    /// Run a scheme now.
    RunNow,
    /// Make a test run, which changes nothing.
    TestRun,
    /// Pause a source or a scheme.
    Pause,
    /// Resume a source or a scheme.
    Resume,
    /// Cancel a run.
    Cancel,
    /// Take up again what was given up.
    Redrive,
    /// Dismiss what was given up.
    Dismiss,
    /// Do something that can be undone to many users.
    Bulk,
    /// Undo a run.
    Undo,
    /// Set the values of fields.
    SetFieldValues,
    /// Make, change and delete schemes.
    ChangeSchemes,
    /// Make, change and delete sources.
    ChangeSources,
    /// Make, change and delete fields.
    DefineFields,
    /// Release a held run.
    ReleaseRun,
    /// Release or dismiss newcomers, and steps that a mass creation holds.
    DecideNewcomers,
    /// Approve or reject.
    Approve,
    /// Do what can't be undone.
    Irreversible,
    /// Delete run logs.
    DeleteLogs,
    /// Change the settings of usher itself.
    ChangeSettings,
    /// Take a backup, which holds secrets.
    Backup,
}

impl Permission {
    /// Everything that may be done.
    pub const ALL: [Self; 25] = [
        Self::Read,
        Self::Explain,
        Self::Preview,
        Self::Export,
        Self::AskProduct,
        Self::RunNow,
        Self::TestRun,
        Self::Pause,
        Self::Resume,
        Self::Cancel,
        Self::Redrive,
        Self::Dismiss,
        Self::Bulk,
        Self::Undo,
        Self::SetFieldValues,
        Self::ChangeSchemes,
        Self::ChangeSources,
        Self::DefineFields,
        Self::ReleaseRun,
        Self::DecideNewcomers,
        Self::Approve,
        Self::Irreversible,
        Self::DeleteLogs,
        Self::ChangeSettings,
        Self::Backup,
    ];

    /// The least role, and the sentence for those who have a lesser one.
    const fn rule(self) -> (Role, &'static str) {
        use Role::{Admin, Operator, Viewer};
        match self {
            Self::Read => (Viewer, "Only a viewer can read this."),
            Self::Explain => (Viewer, "Only a viewer can ask why a scheme selects a user."),
            Self::Preview => (Viewer, "Only a viewer can preview a scheme."),
            Self::Export => (Viewer, "Only a viewer can export data."),
            Self::AskProduct => (Operator, "Only an operator can have the product asked."),
            Self::RunNow => (Operator, "Only an operator can run a scheme now."),
            Self::TestRun => (Operator, "Only an operator can make a test run."),
            Self::Pause => (Operator, "Only an operator can pause this."),
            Self::Resume => (Operator, "Only an operator can resume this."),
            Self::Cancel => (Operator, "Only an operator can cancel a run."),
            Self::Redrive => (Operator, "Only an operator can take up dead letters again."),
            Self::Dismiss => (Operator, "Only an operator can dismiss a dead letter."),
            Self::Bulk => (Operator, "Only an operator can change many users at once."),
            Self::Undo => (Operator, "Only an operator can undo a run."),
            Self::SetFieldValues => (Operator, "Only an operator can set the values of fields."),
            Self::ChangeSchemes => (Admin, "Only an administrator can change schemes."),
            Self::ChangeSources => (Admin, "Only an administrator can change sources."),
            Self::DefineFields => (Admin, "Only an administrator can define fields."),
            Self::ReleaseRun => (Admin, "Only an administrator can release a held run."),
            Self::DecideNewcomers => (Admin, "Only an administrator can decide about held newcomers."),
            Self::Approve => (Admin, "Only an administrator can approve or reject this."),
            Self::Irreversible => (Admin, "Only an administrator can do what can't be undone."),
            Self::DeleteLogs => (Admin, "Only an administrator can delete run logs."),
            Self::ChangeSettings => (Admin, "Only an administrator can change settings."),
            Self::Backup => (Admin, "Only an administrator can take a backup."),
        }
    }

    /// The word for it in records of refused attempts.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Read => "read",
            Self::Explain => "scheme.explain",
            Self::Preview => "scheme.preview",
            Self::Export => "export",
            Self::AskProduct => "source.ask",
            Self::RunNow => "scheme.run",
            Self::TestRun => "scheme.test-run",
            Self::Pause => "pause",
            Self::Resume => "resume",
            Self::Cancel => "run.cancel",
            Self::Redrive => "dead-letter.redrive",
            Self::Dismiss => "dead-letter.dismiss",
            Self::Bulk => "bulk",
            Self::Undo => "run.undo",
            Self::SetFieldValues => "field.set",
            Self::ChangeSchemes => "scheme.change",
            Self::ChangeSources => "source.change",
            Self::DefineFields => "field.define",
            Self::ReleaseRun => "run.release",
            Self::DecideNewcomers => "newcomers.decide",
            Self::Approve => "approval.decide",
            Self::Irreversible => "irreversible",
            Self::DeleteLogs => "run.delete",
            Self::ChangeSettings => "settings.change",
            Self::Backup => "backup",
        }
    }

    /// The least role that may do it.
    pub const fn least_role(self) -> Role {
        self.rule().0
    }

    /// The sentence for somebody with a lesser role.
    pub const fn refusal(self) -> &'static str {
        self.rule().1
    }

    /// Whether a page wants a sign-in that is no older than `admin.session.again_after`.
    pub const fn wants_fresh_sign_in(self) -> bool {
        matches!(self, Self::Irreversible | Self::DeleteLogs | Self::Backup)
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    #[test]
    fn the_table_is_the_agreed_one() {
        use Permission as P;
        let viewer = [P::Read, P::Explain, P::Preview, P::Export];
        let operator = [
            P::AskProduct,
            P::RunNow,
            P::TestRun,
            P::Pause,
            P::Resume,
            P::Cancel,
            P::Redrive,
            P::Dismiss,
            P::Bulk,
            P::Undo,
            P::SetFieldValues,
        ];
        for permission in P::ALL {
            let least = match permission {
                _ if viewer.contains(&permission) => Role::Viewer,
                _ if operator.contains(&permission) => Role::Operator,
                _ => Role::Admin,
            };
            assert_eq!(permission.least_role(), least, "{permission:?}");
        }
    }

    #[test]
    fn every_refusal_is_a_sentence_of_its_own_that_names_the_role() {
        let sentences: HashSet<_> = Permission::ALL.map(Permission::refusal).into();
        assert_eq!(sentences.len(), Permission::ALL.len());
        for permission in Permission::ALL {
            let who = match permission.least_role() {
                Role::Viewer => "Only a viewer can ",
                Role::Operator => "Only an operator can ",
                Role::Admin => "Only an administrator can ",
            };
            let sentence = permission.refusal();
            assert!(sentence.starts_with(who) && sentence.ends_with('.'), "{sentence}");
        }
    }
}
