//! Prints the story line by line, and counts the checks that failed.

#![allow(clippy::print_stdout, reason = "the story is the demo's result")]

use super::Stage;

/// Tells the story.
#[derive(Default)]
pub(super) struct Narrator {
    chapter: u32,
    checks: u32,
    surprises: u32,
}

impl Narrator {
    /// A line before the story.
    pub(super) fn preface(&self, line: &str) {
        println!("{line}");
    }

    /// The next chapter.
    pub(super) fn chapter(&mut self, title: &str) {
        self.chapter += 1;
        println!("\n{}. {title}", self.chapter);
    }

    /// An action of the story.
    pub(super) fn happens(&self, line: &str) {
        println!("   → {line}");
    }

    /// An answer of usher.
    pub(super) fn says(&self, line: &str) {
        println!("     {line}");
    }

    /// An expected result, and whether it came true.
    pub(super) fn check(&mut self, line: &str, came_true: bool) {
        self.checks += 1;
        if came_true {
            println!("   ✓ {line}");
        } else {
            self.surprises += 1;
            println!("   ✗ NOT AS TOLD: {line}");
        }
    }

    /// The end; true if each check passed.
    pub(super) fn close(&self) -> bool {
        let told = self.checks - self.surprises;
        println!("\n{told} of {} checks came out as told.", self.checks);
        self.surprises == 0
    }

    /// Suggestions for the next step.
    pub(super) fn invite(&self, stage: &Stage) {
        let (admin, token, sandbox) = (stage.admin_url(""), stage.admin_token(), stage.sandbox.origin());
        println!(
            "\nThe service goes on. Open {admin} in a browser and sign in with the token {token}\n\
             \nThe simulated Atlassian is at {sandbox}: docs/sandbox.md tells how to put more people there.\n\
             \nOr look around in another terminal:\n\
             \n  curl -H 'Authorization: Bearer {token}' '{admin}api/v1/runs'\
             \n  curl -H 'Authorization: Bearer {token}' '{admin}api/v1/decisions?user=carla'\
             \n  curl '{admin}metrics'\
             \n\nThe configuration is {}. Ctrl-C ends it.",
            stage.config_path().display()
        );
    }
}
