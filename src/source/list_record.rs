//! Lists of users that are read, for the part that keeps them.

use std::sync::Arc;

use crate::{
    domain::{SourceId, Timestamp},
    products::UserPage,
    source::Connection,
};

/// Keeps the lists of users.
pub trait ListRecorder: Send + Sync + 'static {
    /// A list of the users of `source` was begun at `at`, from its first page.
    fn begin(&self, source: &SourceId, at: Timestamp) -> Box<dyn RecordedList>;
}

/// A list of users that is being read. If it is dropped before its last page, it was broken off.
pub trait RecordedList: Send {
    /// Takes the next page of the list.
    fn page(&mut self, page: &UserPage);
}

/// The record of one list, for the reader of the list.
pub struct ListRecord {
    recorder: Option<Arc<dyn ListRecorder>>,
    source: SourceId,
    begun: Timestamp,
    list: Option<Box<dyn RecordedList>>,
}

impl Connection {
    /// Sets the part that keeps the lists of users. The first one set is kept.
    pub fn record_lists(&self, recorder: Arc<dyn ListRecorder>) {
        let _first = self.list_recorder.set(recorder);
    }

    /// The record of a list whose first page is requested after this.
    pub fn list_record(&self) -> ListRecord {
        let recorder = self.list_recorder.get().cloned();
        ListRecord { recorder, source: self.source.clone(), begun: self.clock.now(), list: None }
    }
}

impl ListRecord {
    /// Takes `page`, which was requested at `cursor`. A list that is continued in the middle is not recorded: its
    /// beginning is unknown.
    pub fn page(&mut self, cursor: Option<&str>, page: &UserPage) {
        let Some(recorder) = &self.recorder else { return };
        if cursor.is_none() {
            self.list = Some(recorder.begin(&self.source, self.begun));
        }
        if let Some(list) = &mut self.list {
            list.page(page);
        }
    }
}
