//! Deletions of users that take their time.

use super::people::Serial;

/// The number of parts of a task. A request for the task or for a user advances it by one.
pub(in crate::sandbox) const PARTS: u32 = 3;

/// The task of deleting one user.
pub(in crate::sandbox) struct Task {
    user: Serial,
    pub done: u32,
    /// Whether other data depends on the user, so that the deletion fails.
    pub fails: bool,
}

/// All such tasks of a site; the place of one, counted from 1, is its id.
#[derive(Default)]
pub(in crate::sandbox) struct Deletions(Vec<Task>);

impl Deletions {
    /// Takes one on; gives its id.
    pub fn submit(&mut self, user: Serial, fails: bool) -> usize {
        self.0.push(Task { user, done: 0, fails });
        self.0.len()
    }

    /// Advances every unfinished task by one part; returns the users to delete.
    pub fn advance(&mut self) -> Vec<Serial> {
        let mut finished = Vec::new();
        for task in self.0.iter_mut().filter(|task| task.done < PARTS) {
            task.done += 1;
            if task.done == PARTS && !task.fails {
                finished.push(task.user);
            }
        }
        finished
    }

    /// The task of that id.
    pub fn task(&self, id: usize) -> Option<&Task> {
        self.0.get(id.checked_sub(1)?)
    }
}
